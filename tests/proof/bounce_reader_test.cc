#include "proof/bounce_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "proof/content_reader.h"
#include "proof/stamper.h"

namespace millrace::proof {
namespace {

const StampKey kKey{.bytes = {1, 2, 3}};
constexpr RunId kRun{1, 2};
const std::string kContent = "From: a@b\r\nSubject: x\r\n\r\none\r\n";

std::string stamp_of(std::uint64_t number, const StampKey& key = kKey) {
  ContentHasher hasher;
  return std::string(Stamper(kRun, key).stamp(number, 1, 2, hasher.content(kContent)));
}

const std::string kOriginal = stamp_of(7) + kContent;

std::string address(std::uint64_t recipient, std::uint64_t number = 7,
                    TokenForm form = TokenForm::tagged) {
  std::string text = "ann";
  append_token({.message = number, .recipient = recipient}, form, text);
  return text + "@b.example";
}

// Lines of a test as they are sent.
std::string lines(std::string_view text) {
  std::string all;
  for (const char byte : text) {
    if (byte == '\n') all += '\r';
    all += byte;
  }
  return all;
}

// In the form that Postfix's bounce(8) gives its reports, with the whole message, or its header.
std::string postfix(const std::string& original, std::string_view action = "failed",
                    bool header_only = false) {
  return lines(
             "Received: by mx.a.example (Postfix)\n\tid 4XyZ; Thu, 26 Nov 2026 10:00:00 +0000 "
             "(UTC)\n"
             "Date: Thu, 26 Nov 2026 10:00:00 +0000 (UTC)\n"
             "From: MAILER-DAEMON@a.example (Mail Delivery System)\n"
             "Subject: Undelivered Mail Returned to Sender\n"
             "To: foo@a.example\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
             "Content-Type: multipart/report; report-type=delivery-status;\n"
             "\tboundary=\"4XyZ.1795676400/mx.a.example\"\n"
             "Message-Id: <20261126@mx.a.example>\n\n"
             "This is a MIME-encapsulated message.\n\n"
             "--4XyZ.1795676400/mx.a.example\n"
             "Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n"
             "This is the mail system at host mx.a.example.\n\nAction: failed\n\n"
             "--4XyZ.1795676400/mx.a.example\n"
             "Content-Description: Delivery report\nContent-Type: message/delivery-status\n\n"
             "Reporting-MTA: dns; mx.a.example\nX-Postfix-Queue-ID: 4XyZ\n"
             "X-Postfix-Sender: rfc822; foo@a.example\n"
             "Arrival-Date: Thu, 26 Nov 2026 10:00:00 +0000 (UTC)\n\n") +
         "Final-Recipient: rfc822; " + address(1) + "\r\nOriginal-Recipient: rfc822;" + address(1) +
         "\r\nAction: " + std::string(action) +
         "\r\nStatus: 5.1.1\r\nRemote-MTA: dns; x\r\nDiagnostic-Code: smtp; 550 5.1.1 No\r\n\r\n"
         "Final-Recipient: rfc822; bob@b.example\r\nAction: " +
         std::string(action) + "\r\nStatus: 5.0.0\r\n\r\n" +
         lines("--4XyZ.1795676400/mx.a.example\n") +
         (header_only ? lines("Content-Description: Undelivered Message Headers\n"
                              "Content-Type: text/rfc822-headers\n\n") +
                            original.substr(0, original.find("\r\n\r\n") + 2)
                      : lines("Content-Description: Undelivered Message\n"
                              "Content-Type: message/rfc822\n\n") +
                            original) +
         lines("\n--4XyZ.1795676400/mx.a.example--\n");
}

// In Exim's: the type in one line, Action first, and a line of its own ahead of the original.
std::string exim(const std::string& original) {
  return lines(
             "X-Failed-Recipients: ann@b.example\nAuto-Submitted: auto-replied\n"
             "From: Mail Delivery System <Mailer-Daemon@a.example>\nTo: foo@a.example\n"
             "References: <1@a.example>\n"
             "Content-Type: multipart/report; report-type=delivery-status; "
             "boundary=1795676400-eximdsn-1804289383\nMIME-Version: 1.0\n"
             "Subject: Mail delivery failed: returning message to sender\n"
             "Message-Id: <E1x-0002-3b@a.example>\n\n"
             "--1795676400-eximdsn-1804289383\nContent-type: text/plain; charset=us-ascii\n\n"
             "This message was created automatically by mail delivery software.\n\n"
             "--1795676400-eximdsn-1804289383\nContent-type: message/delivery-status\n\n"
             "Reporting-MTA: dns; a.example\n\nAction: failed\n") +
         "Final-Recipient: rfc822;" + address(3, 7, TokenForm::numbered) +
         "\r\nStatus: 5.0.0\r\n\r\n" +
         lines(
             "--1795676400-eximdsn-1804289383\nContent-type: message/rfc822\n\n"
             "Return-path: <foo@a.example>\nReceived: from x\n\tby a.example with esmtp\n") +
         original + lines("\n--1795676400-eximdsn-1804289383--\n");
}

// In OpenSMTPD's (6.8.0): a multipart/mixed, with the header of the original, or all of it, as
// text.
std::string open_smtpd(const std::string& original, std::string_view action = "failed") {
  return lines(
             "Subject: Delivery status notification: error\n"
             "From: Mailer Daemon <MAILER-DAEMON@a.example>\nTo: foo@a.example\nMIME-Version: 1.0\n"
             "Content-Type: multipart/mixed;boundary=\"15401750650398938898/a.example\"\n"
             "Message-ID: <a3ab7ce75f87699c@a.example>\n\n"
             "This is a MIME-encapsulated message.\n\n"
             "--15401750650398938898/a.example\nContent-Description: Notification\n"
             "Content-Type: text/plain; charset=us-ascii\n\n    Hi!\n\n"
             "--15401750650398938898/a.example\nContent-Description: Delivery Report\n"
             "Content-Type: message/delivery-status\n\nReporting-MTA: dns; a.example\n\n") +
         "Final-Recipient: rfc822; " + address(2) + "\r\nAction: " + std::string(action) +
         "\r\nStatus: 5.0.0\r\n\r\n" +
         lines(
             "--15401750650398938898/a.example\nContent-Description: Message headers\n"
             "Content-Type: text/rfc822-headers\n\n") +
         original + lines("\n--15401750650398938898/a.example--\n");
}

BounceReader read(std::string_view text, const StampTrust& trust = {.key = kKey, .run = {}}) {
  BounceReader reader(trust);
  reader.begin();
  for (const char& byte : text) reader.take({&byte, 1});
  reader.finish();
  BounceReader whole(trust);
  whole.begin();
  whole.take(text);
  whole.finish();
  EXPECT_EQ(whole.bounced(), reader.bounced());
  EXPECT_EQ(whole.failed(), reader.failed());
  return reader;
}

TEST(BounceReader, FindsTheStampAndTheRecipientsInReportsOfPostfix) {
  for (const bool header_only : {false, true}) {
    const BounceReader reader = read(postfix(kOriginal, "failed", header_only));
    EXPECT_TRUE(reader.bounced());
    EXPECT_EQ(reader.stamp().number, 7U);
    EXPECT_EQ(reader.failed(), 2U);
    EXPECT_EQ(reader.tokens(), (std::vector<RecipientToken>{{.message = 7, .recipient = 1}}));
  }
}

TEST(BounceReader, FindsThemInThoseOfExim) {
  const BounceReader reader = read(exim(kOriginal));
  EXPECT_TRUE(reader.bounced());
  EXPECT_EQ(reader.stamp().number, 7U);
  EXPECT_EQ(reader.tokens(), (std::vector<RecipientToken>{{.message = 7, .recipient = 3}}));
}

TEST(BounceReader, FindsThemInThoseOfOpenSmtpd) {
  const BounceReader reader = read(open_smtpd(kOriginal));
  EXPECT_TRUE(reader.bounced());
  EXPECT_EQ(reader.stamp().number, 7U);
  EXPECT_EQ(reader.tokens(), (std::vector<RecipientToken>{{.message = 7, .recipient = 2}}));
  const BounceReader delayed = read(open_smtpd(kOriginal, "delayed"));
  EXPECT_FALSE(delayed.bounced());
  EXPECT_TRUE(delayed.about_stamped());
}

// A mail with attachments is not one that reports.
TEST(BounceReader, WantsAStatusWhereNoReportIsSaidToBe) {
  std::string mixed = open_smtpd(kOriginal);
  mixed.replace(mixed.find("message/delivery-status"), 7, "x-other");
  EXPECT_FALSE(read(mixed).about_stamped());
}

// Below its name, but not below its value.
TEST(BounceReader, TakesATypeFromOneLine) {
  std::string mixed = open_smtpd(kOriginal);
  mixed.replace(mixed.find("message/delivery-status"), 7, "x-other");
  const std::string_view type = "multipart/mixed;";
  for (const auto& [folded, is_report] : {std::pair{"\r\n multipart/report;", true},
                                          {"\r\n multipart/mixed;\r\n multipart/report;", false}}) {
    std::string report = mixed;
    report.replace(report.find(type), type.size(), folded);
    EXPECT_EQ(read(report).about_stamped(), is_report) << folded;
  }
}

// It is in the text of such a report, or in the header of a message in it.
TEST(BounceReader, FindsAStampThatIsNotTheContentsOwn) {
  const auto finding = [](const std::string& text) {
    ContentReader reader({.key = kKey, .run = {}});
    reader.begin();
    reader.take(text);
    reader.finish();
    return reader.finding();
  };
  for (const bool header_alone : {true, false}) {
    const std::string report = postfix(kOriginal, "failed", header_alone);
    EXPECT_EQ(finding(report), StampFinding::none);
    EXPECT_TRUE(read(report).about_stamped());
  }
}

TEST(BounceReader, TellsOtherReportsFromBounces) {
  for (const std::string_view action : {"delayed", "relayed", "delivered", "expanded"}) {
    const BounceReader reader = read(postfix(kOriginal, action));
    EXPECT_FALSE(reader.bounced()) << action;
    EXPECT_TRUE(reader.about_stamped()) << action;
  }
  EXPECT_FALSE(read(postfix(stamp_of(7, {.bytes = {9}}) + kContent)).about_stamped());
  EXPECT_FALSE(read(postfix(kContent)).about_stamped());
  EXPECT_FALSE(read(kOriginal).about_stamped());
  EXPECT_FALSE(read("").about_stamped());
}

TEST(BounceReader, ASecondContentHasNothingOfTheFirst) {
  BounceReader reader({.key = kKey, .run = {}});
  for (const auto& [text, bounced] : {std::pair{postfix(kOriginal), true}, {kOriginal, false}}) {
    reader.begin();
    reader.take(text);
    reader.finish();
    EXPECT_EQ(reader.bounced(), bounced);
    EXPECT_EQ(reader.failed(), bounced ? 2U : 0U);
  }
}

}  // namespace
}  // namespace millrace::proof
