#include "sink/verify/message_check.h"

#include <gtest/gtest.h>

#include <string>

#include "pieces.h"
#include "proof/stamper.h"
#include "sink/verify/seen_numbers.h"

namespace millrace::sink {
namespace {

using proof::TakenVerdict;
using test::Cut;

const proof::StampKey kKey{.bytes = {1, 2, 3}};
const proof::StampTrust kTrust{.key = kKey, .run = {}};
constexpr proof::RunId kRun{1, 2};
const std::string kContent = "Subject: x\r\n\r\n.one\r\n..\r\ntwo\r\n";

std::string stamp_of(const std::string& content, const proof::StampKey& key = kKey) {
  proof::ContentHasher hasher;
  return std::string(proof::Stamper(kRun, key).stamp(7, 10, 20, hasher.content(content)));
}

std::string dotted(const std::string& text) {
  std::string wire;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' && (i == 0 || text[i - 1] == '\n')) wire += '.';
    wire += text[i];
  }
  return wire + ".\r\n";
}

Found found(MessageCheck& check, const std::string& wire, smtp::Form form,
            bool null_sender = false) {
  check.begin(null_sender);
  for (const std::string_view piece : test::cut(wire, Cut::random)) check.take(piece, form);
  return check.finish();
}

TEST(MessageCheck, ReadsContentsInBothFormsOneAfterTheOther) {
  MessageCheck check(kTrust);
  const std::string text = stamp_of(kContent) + kContent;
  for (int round = 0; round < 2; ++round) {
    for (const smtp::Form form : {smtp::Form::dotted, smtp::Form::plain}) {
      const bool has_dots = form == smtp::Form::dotted;
      const Found one = found(check, has_dots ? dotted(text) : text, form);
      EXPECT_EQ(one.verdict, TakenVerdict::same);
      EXPECT_EQ(one.run, kRun);
      EXPECT_EQ(one.number, 7U);
      EXPECT_EQ(one.due, 10U);
      EXPECT_EQ(one.sent, 20U);
    }
    // What looks doubled and is not.
    EXPECT_EQ(found(check, dotted(text), smtp::Form::plain).verdict, TakenVerdict::body_changed);
    EXPECT_EQ(found(check, ".\r\n", smtp::Form::dotted).verdict, TakenVerdict::unstamped);
  }
}

TEST(MessageCheck, SaysWhatIsWrong) {
  const std::string stamp = stamp_of(kContent);
  const std::pair<std::string, TakenVerdict> kCases[] = {
      {kContent, TakenVerdict::unstamped},
      {"X-Millrace-Stamp: v:1\r\n" + kContent, TakenVerdict::malformed},
      {stamp_of(kContent, {.bytes = {9}}) + kContent, TakenVerdict::forged},
      {"A: b\r\n" + stamp + kContent, TakenVerdict::headers_added},
      {stamp + "Subject: y\r\n\r\n.one\r\n..\r\ntwo\r\n", TakenVerdict::headers_changed},
      {stamp + kContent + "footer\r\n", TakenVerdict::footer_added},
      {stamp + kContent.substr(0, kContent.size() - 5), TakenVerdict::truncated},
      {stamp + "Subject: x\r\n\r\n.one\r\n..\r\ntwx\r\n", TakenVerdict::body_changed},
      {stamp + "Subject: x\r\n\r\n.one \r\n..\r\ntwo\r\n", TakenVerdict::blanks_changed},
  };
  MessageCheck check(kTrust);
  for (const auto& [text, verdict] : kCases) {
    EXPECT_EQ(found(check, dotted(text), smtp::Form::dotted).verdict, verdict) << text;
  }
  MessageCheck unchecking({});
  EXPECT_EQ(found(unchecking, dotted(kCases[2].first), smtp::Form::dotted).verdict,
            TakenVerdict::same);
}

TEST(MessageCheck, OnlyANullSenderBringsReports) {
  const auto report = [](const std::string& action) {
    return "Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n"
           "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\nAction: " +
           action + "\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n" + stamp_of(kContent) +
           kContent + "--x--\r\n";
  };
  MessageCheck check(kTrust);
  const auto kind = [&](const std::string& text, bool null_sender) {
    const Found one = found(check, text, smtp::Form::plain, null_sender);
    EXPECT_EQ(one.number, one.kind == Found::Kind::message ? 0U : 7U);
    return one.kind;
  };
  EXPECT_EQ(kind(report("failed"), true), Found::Kind::bounce);
  EXPECT_EQ(kind(report("delayed"), true), Found::Kind::report);
  EXPECT_EQ(kind(report("failed"), false), Found::Kind::message);
  // A message of a run that is a report itself.
  const std::string own = report("failed");
  const Found sent = found(check, stamp_of(own) + own, smtp::Form::plain, true);
  EXPECT_EQ(sent.kind, Found::Kind::message);
  EXPECT_EQ(sent.verdict, TakenVerdict::same);
}

TEST(SeenNumbers, TellCopiesApartAndWhatTheyCannot) {
  using Answer = SeenNumbers::Answer;
  SeenNumbers seen;
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{63}, std::uint64_t{64}, SeenNumbers::kNumbers - 1}) {
    EXPECT_EQ(seen.take(1, number), Answer::first);
    EXPECT_EQ(seen.take(SeenNumbers::kRuns, number), Answer::first);
    EXPECT_EQ(seen.take(1, number), Answer::again);
  }
  EXPECT_EQ(seen.take(1, SeenNumbers::kNumbers), Answer::unknown);
  EXPECT_EQ(seen.take(SeenNumbers::kRuns + 1, 0), Answer::unknown);
  EXPECT_EQ(seen.take(0, 0), Answer::unknown);
}

}  // namespace
}  // namespace millrace::sink
