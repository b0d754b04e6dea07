#include "sink/verify/verify_observer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "made_up_journal.h"
#include "proof/stamper.h"
#include "scratch_directory.h"
#include "smtp/server_policy.h"

namespace millrace::sink {
namespace {

using proof::kUnknownRecipient;
using proof::TakenRecord;
using proof::TakenVerdict;
using proof::TokenForm;

const proof::StampKey kKey{.bytes = {1, 2, 3}};
const std::string kContent = "Subject: x\r\n\r\none\r\n";
const smtp::FinalReplies kAccepted{.usual = "250 Ok\r\n"};

// No file may grow any more, as long as this lives.
class FullDisk {
 public:
  explicit FullDisk(rlim_t size = 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{.rlim_cur = size, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

struct Verified : testing::Test {
  Verified() {
    Listener listener;
    listener.name = "mx";
    listeners.emplace_back(listener);
    verification = std::make_unique<Verification>(
        VerifyOptions{.journal = scratch.path("got.proof"), .key = kKey}, listeners,
        std::vector<std::string>{"here"});
    verifier.emplace(*verification, *loop, [this] { settle(); });
  }

  std::unique_ptr<VerifyObserver> session() {
    return std::make_unique<VerifyObserver>(*verifier, verification->listener("mx"));
  }

  // Says that a message has come; returns whether it waits to be recorded.
  bool take(VerifyObserver& session, std::uint64_t number,
            const std::vector<std::string>& recipients = {"a@b"}, std::uint64_t run = 1,
            const smtp::FinalReplies& replies = kAccepted) {
    proof::ContentHasher hasher;
    proof::Stamper stamper(tests::run_number(run), kKey);
    const std::string text(stamper.stamp(number, 1, 2, hasher.content(kContent)));
    session.mail("FROM:<a@b>");
    for (const std::string& one : recipients) session.recipient("TO:<" + one + ">");
    session.content(text + kContent + ".\r\n", smtp::Form::dotted);
    EXPECT_EQ(session.message_complete(), smtp::Storage::kept);
    return session.record_first(replies);
  }

  void settle() { verifier->decide(verifier->write(true)); }

  std::vector<TakenRecord> records() {
    proof::JournalReader reader(scratch.path("got.proof"), proof::Side::taken);
    std::vector<TakenRecord> all;
    for (const auto& one : tests::all_records<TakenRecord>(reader)) all.push_back(one.record);
    return all;
  }

  metrics::VerifyMetrics end() {
    verifier->finish();
    testing::internal::CaptureStderr();
    verification->finish();
    metrics::VerifyMetrics found = verification->found();
    said = testing::internal::GetCapturedStderr();
    return found;
  }

  tests::ScratchDirectory scratch;
  std::vector<OpenListener> listeners;
  std::unique_ptr<net::EventLoop> loop = net::engines().back().make();
  std::unique_ptr<Verification> verification;
  std::optional<Verifier> verifier;
  std::string said;
};

std::string with_token(std::uint64_t message, std::uint64_t recipient, TokenForm form) {
  std::string local = "user";
  append_token({.message = message, .recipient = recipient}, form, local);
  return local + "@b";
}

TEST_F(Verified, MessagesOfATurnAreOnRecordBeforeAnyIsAnswered) {
  const auto one = session();
  const auto two = session();
  EXPECT_TRUE(take(*one, 1));
  EXPECT_TRUE(take(*two, 2));
  EXPECT_FALSE(one->kept(false));
  EXPECT_EQ(records().size(), 0U);
  settle();
  EXPECT_TRUE(one->kept(false));
  EXPECT_TRUE(two->kept(false));
  const auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].message, 1U);
  EXPECT_EQ(all[0].run, 1U);
  EXPECT_EQ(all[0].recipient, kUnknownRecipient);
  EXPECT_EQ(all[1].message, 2U);
  EXPECT_LT(all[0].taken, all[1].taken);  // each has a moment of its own
}

TEST_F(Verified, ATokenIsBelievedWhereItIsOfTheMessage) {
  const auto one = session();
  take(
      *one, 40,
      {with_token(40, 3, TokenForm::tagged), with_token(40, 4, TokenForm::numbered),
       with_token(41, 5, TokenForm::tagged), with_token(40, 70'000, TokenForm::tagged), "plain@b"});
  settle();
  std::vector<std::uint16_t> numbers;
  for (const TakenRecord& record : records()) numbers.push_back(record.recipient);
  EXPECT_EQ(numbers, (std::vector<std::uint16_t>{3, 4, kUnknownRecipient, kUnknownRecipient,
                                                 kUnknownRecipient}));
}

TEST_F(Verified, OnlyRecipientsThatAreAcceptedAreOnRecord) {
  const std::vector<smtp::RecipientReply> each = {
      {.text = nullptr}, {.text = smtp::given_reply("550 No\r\n")}, {.text = nullptr}};
  const auto one = session();
  take(*one, 40,
       {with_token(40, 0, TokenForm::tagged), with_token(40, 1, TokenForm::tagged),
        with_token(40, 2, TokenForm::tagged)},
       1, {.usual = "250 Ok\r\n", .each = &each});
  settle();
  const auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].recipient, 0U);
  EXPECT_EQ(all[1].recipient, 2U);
}

TEST_F(Verified, WithoutRoomAMessageIsRefusedAndNothingOfItStays) {
  const auto one = session();
  const auto two = session();
  take(*one, 1);
  settle();
  testing::internal::CaptureStderr();
  {
    const FullDisk full(std::filesystem::file_size(scratch.path("got.proof")) + 20);
    take(*one, 2);
    take(*two, 3);
    settle();
    EXPECT_FALSE(one->kept(false));
    EXPECT_FALSE(two->kept(false));
    // A run that is new has no room either.
    EXPECT_TRUE(take(*one, 4, {"a@b"}, 2));
    settle();
    EXPECT_FALSE(one->kept(false));
    // Nor has what needs several blocks.
    EXPECT_TRUE(take(*one, 5, std::vector<std::string>(5'000, "a@b")));
    settle();
    EXPECT_FALSE(one->kept(false));
  }
  const std::string warning = testing::internal::GetCapturedStderr();
  EXPECT_NE(warning.find("refused with 452"), std::string::npos);
  EXPECT_EQ(std::count(warning.begin(), warning.end(), '\n'), 1);
  take(*one, 6);
  settle();
  EXPECT_TRUE(one->kept(false));
  const auto all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].message, 1U);
  EXPECT_EQ(all[1].message, 6U);
  const auto found = end();
  EXPECT_EQ(found.counts.unrecorded, 4U);
  EXPECT_EQ(found.counts.seen, 2U);
}

TEST_F(Verified, WhatFitsIntoNoBlockWithOthersComesBehindThem) {
  const auto one = session();
  const auto two = session();
  const auto three = session();
  take(*one, 1, std::vector<std::string>(4'000, "a@b"));
  take(*two, 2, std::vector<std::string>(4'000, "a@b"));
  EXPECT_TRUE(one->kept(false));
  EXPECT_FALSE(two->kept(false));
  take(*three, 3, std::vector<std::string>(70'000, "a@b"));
  settle();
  EXPECT_TRUE(two->kept(false));
  EXPECT_TRUE(three->kept(false));
  EXPECT_EQ(records().size(), 78'000U);
  EXPECT_EQ(end().counts.recipients, 78'000U);
}

TEST_F(Verified, CountsCopiesAsFarAsTheyCanBeTold) {
  const auto one = session();
  const auto first = with_token(1, 0, TokenForm::tagged);
  const auto second = with_token(1, 1, TokenForm::tagged);
  const auto one_message = [&](std::uint64_t number, const std::string& recipient = "a@b",
                               std::uint64_t run = 1) {
    take(*one, number, {recipient}, run);
    settle();
  };
  one_message(1, first);
  one_message(1, second);  // the same for another recipient
  one_message(1, first);   // a copy
  one_message(2);
  one_message(2);  // another
  one_message(2, "a@b", 2);
  one_message(SeenNumbers::kNumbers);
  const auto found = end();
  EXPECT_EQ(found.counts.seen, 7U);
  EXPECT_EQ(found.counts.same, 7U);
  EXPECT_EQ(found.counts.duplicated, 2U);
  EXPECT_EQ(found.counts.not_counted, 1U);
  EXPECT_EQ(found.counts.other_runs, 1U);
  EXPECT_TRUE(found.checked);
  EXPECT_NE(said.find("verify: 7 seen, 2 duplicated, 0 altered"), std::string::npos) << said;
}

TEST_F(Verified, TellsWhatIsMissingBelowTheHighestNumberOfARun) {
  const auto one = session();
  for (const std::uint64_t number : {4, 0, 4, 2}) {
    take(*one, number);
    settle();
  }
  take(*one, 1, {"a@b"}, 2);
  settle();
  verifier->finish();
  RunsProgress runs = verification->runs_so_far();
  EXPECT_EQ(runs[0].run, tests::run_number(1));
  EXPECT_EQ(runs[0].come, 3U);
  EXPECT_EQ(runs[0].missing(), 2U);
  EXPECT_EQ(runs[1].run, tests::run_number(2));
  EXPECT_EQ(runs[1].missing(), 1U);
  EXPECT_EQ(runs[2].come, 0U);
  for (const std::uint64_t number : {1, 3}) {
    take(*one, number);
    settle();
  }
  verifier->finish();
  EXPECT_EQ(verification->runs_so_far()[0].missing(), 0U);
}

// What has come for others only has not come for the first.
TEST_F(Verified, AMessageIsThereWithItsFirstRecipient) {
  const auto one = session();
  for (const std::uint64_t number : {0, 2}) {
    take(*one, number);
    settle();
  }
  take(*one, 1, {with_token(1, 1, TokenForm::tagged)});
  settle();
  verifier->finish();
  EXPECT_EQ(verification->runs_so_far()[0].missing(), 1U);
  take(*one, 1, {with_token(1, 0, TokenForm::tagged)});
  settle();
  verifier->finish();
  EXPECT_EQ(verification->runs_so_far()[0].missing(), 0U);
}

TEST_F(Verified, ALineIsToldEveryTenSecondsWhereThereIsSomethingNew) {
  const auto told = [&](std::chrono::seconds later) {
    testing::internal::CaptureStderr();
    verification->tell(Clock::now() + later);
    return testing::internal::GetCapturedStderr();
  };
  const auto one = session();
  take(*one, 1);
  settle();
  verifier->finish();
  EXPECT_EQ(told(std::chrono::seconds(5)), "");
  EXPECT_NE(told(std::chrono::seconds(15)).find("verify: 1 seen"), std::string::npos);
  EXPECT_EQ(told(std::chrono::seconds(40)), "");
}

TEST_F(Verified, ASessionThatIsGoneIsNotToldAny) {
  auto one = session();
  take(*one, 1);
  one.reset();
  settle();
  EXPECT_EQ(records().size(), 1U);
}

}  // namespace
}  // namespace millrace::sink
