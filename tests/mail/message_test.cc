#include "mail/message.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "mail/body.h"
#include "output_text.h"

namespace millrace::mail {
namespace {

std::string recipients(const MessageOptions& options, std::uint64_t message) {
  const MessageTemplate shared(options);
  Output out;
  for (std::size_t i = 0; i < options.recipients; ++i) shared.append_rcpt(message, i, {}, out);
  return test::take(out);
}

TEST(Body, APayloadHasNumberedLinesOfEightyBytes) {
  EXPECT_EQ(payload_body(1), "X\r\n");
  EXPECT_EQ(payload_body(80), std::string(80, 'X') + "\r\n");
  EXPECT_EQ(payload_body(81), "1" + std::string(77, 'X') + "\r\nX\r\n");
  const std::string long_body = payload_body(1'000);
  EXPECT_EQ(long_body.size(), 1'002U);
  EXPECT_EQ(long_body[80], '2');
  EXPECT_EQ(long_body[9 * 80], '0');
  EXPECT_EQ(long_body[10 * 80], '1');
}

TEST(Body, LeadingDotsAreDoubled) {
  EXPECT_EQ(double_dots(".a\r\n..b\r\nc.\n.d\r\n."), "..a\r\n...b\r\nc.\n.d\r\n..");
  EXPECT_EQ(double_dots(""), "");
}

TEST(Body, AFileKeepsItsLines) {
  EXPECT_EQ(preformatted_body("Subject: a\n\n.dot\n..x\r\nlast"),
            "Subject: a\r\n\r\n.dot\r\n..x\r\nlast\r\n\r\n");
  EXPECT_EQ(preformatted_body(""), "\r\n");
  EXPECT_EQ(preformatted_body("\n"), "\r\n\r\n");
  EXPECT_EQ(preformatted_body("a\r\nb\nc\r"), "a\r\nb\r\nc\r\r\n\r\n");
  EXPECT_EQ(preformatted_body("a\r\n\nb\r\n"), "a\r\n\r\nb\r\n\r\n");
}

TEST(Body, AFileWithTheLineEndsOfTheWireGoesOutAsItIs) {
  EXPECT_EQ(preformatted_body("Subject: a\r\n\r\n.dot\r\n"), "Subject: a\r\n\r\n.dot\r\n");
  EXPECT_EQ(preformatted_body("a\r\n\r\n\r\n"), "a\r\n\r\n\r\n");
  EXPECT_EQ(preformatted_body("a\rb\r\nlast"), "a\rb\r\nlast\r\n");
}

TEST(Body, TheHeaderSectionGoesToTheFirstEmptyLine) {
  EXPECT_EQ(header_section("a: b\r\nc: d\r\n\r\ne\r\n\r\n"), "a: b\r\nc: d\r\n");
  EXPECT_EQ(header_section("a: b\n\ne\n\n"), "a: b\n");
  EXPECT_EQ(header_section("a: b\n\r\ne"), "a: b\n");
  EXPECT_EQ(header_section("a: b\r\n \r\ne"), "a: b\r\n \r\ne");
  EXPECT_EQ(header_section("a: b"), "a: b");
  EXPECT_EQ(header_section("\na: b"), "");
  EXPECT_EQ(header_section("\r\n"), "");
  EXPECT_EQ(header_section(""), "");
}

// RFC 6152. What the server has not announced is not in use.
TEST(Message, SaysInMailThatItIsNotAscii) {
  const auto mail = [](MessageOptions options, smtp::ExtensionSet used) {
    const MessageTemplate shared(std::move(options));
    Output out;
    SessionMessages(shared).append_mail(0, used, out);
    return test::take(out);
  };
  const smtp::ExtensionSet announced{smtp::Extension::eight_bit_mime};
  const std::string umlaut = "\xc3\xa4\r\n";
  EXPECT_EQ(mail({.body = umlaut}, announced), "MAIL FROM:<> BODY=8BITMIME\r\n");
  EXPECT_EQ(mail({.body = umlaut}, smtp::ExtensionSet()), "MAIL FROM:<>\r\n");
  EXPECT_EQ(mail({.body = "a\r\n"}, announced), "MAIL FROM:<>\r\n");
  EXPECT_EQ(mail({.subject = "\xc3\xa4", .body = "a\r\n"}, announced),
            "MAIL FROM:<> BODY=8BITMIME\r\n");
  for (const char* const body : {"BODY=7BIT", "body=BINARYMIME"}) {
    EXPECT_EQ(mail({.envelope = {.mail_parameters = {{{}, body}}}, .body = umlaut}, announced),
              fmt::format("MAIL FROM:<> {}\r\n", body));
  }
}

// Binary content has no lines, but what ends DATA is one.
TEST(Message, EndsALineBeforeTheEndMark) {
  const MessageTemplate shared({.headers = false, .body = std::string("a\0\nb", 4)});
  const SessionMessages messages(shared);
  Output out;
  messages.append_content(0, out);
  EXPECT_EQ(test::take(out), std::string("a\0\nb\r\n.\r\n", 9));
  EXPECT_EQ(messages.content_size(0), 4U);
  messages.append_chunk(0, 0, 4, out);
  EXPECT_EQ(test::take(out), std::string("a\0\nb", 4));
}

TEST(Message, NumbersRecipientsAsAsked) {
  MessageOptions options{.reverse_path = "a@b", .forward_path = "r@x", .recipients = 2};
  EXPECT_EQ(recipients(options, 7), "RCPT TO:<r@x>\r\nRCPT TO:<r@x>\r\n");
  options.recipient_number = RecipientNumber::count_down;
  EXPECT_EQ(recipients(options, 7), "RCPT TO:<2r@x>\r\nRCPT TO:<r@x>\r\n");
  options.recipient_number = RecipientNumber::prefix;
  EXPECT_EQ(recipients(options, 7), "RCPT TO:<15r@x>\r\nRCPT TO:<16r@x>\r\n");
  options.recipient_number = RecipientNumber::suffix;
  EXPECT_EQ(recipients(options, 7), "RCPT TO:<r14@x>\r\nRCPT TO:<r15@x>\r\n");
  options.forward_path = "local";
  EXPECT_EQ(recipients(options, 0), "RCPT TO:<local0>\r\nRCPT TO:<local1>\r\n");
}

TEST(Message, HasTheHeadersOfTheSourcesManual) {
  const MessageTemplate shared({.reverse_path = "",
                                .forward_path = "r@x",
                                .host_name = "h",
                                .date = "a date",
                                .subject = "hello",
                                .run = 0xabc,
                                .body = "body\r\n"});
  Output out;
  SessionMessages(shared).append_content(0x2001f, out);
  EXPECT_EQ(test::take(out),
            "From: <>\r\nTo: <r@x>\r\nDate: a date\r\nMessage-Id: <000000000abc.0002.001f@h>\r\n"
            "Subject: hello\r\n\r\nbody\r\n.\r\n");
}

TEST(Message, HasNumbersOfAnyLengthInItsId) {
  const MessageTemplate shared(
      {.forward_path = "r@x", .host_name = "h", .date = "d", .run = 0x123456789abcd});
  Output out;
  SessionMessages(shared).append_content(0xfedcba9876543210, out);
  EXPECT_EQ(test::take(out),
            "From: <>\r\nTo: <r@x>\r\nDate: d\r\n"
            "Message-Id: <123456789abcd.fedcba987654.3210@h>\r\n\r\n.\r\n");
}

// The last one: that is who the others see in their copy.
TEST(Message, NamesARecipientThatItGoesTo) {
  MessageOptions options{.forward_path = "r@x", .recipients = 3, .host_name = "h", .date = "d"};
  options.recipient_number = RecipientNumber::suffix;
  const MessageTemplate shared(options);
  Output out;
  SessionMessages(shared).append_content(4, out);
  EXPECT_EQ(test::take(out),
            "From: <>\r\nTo: <r14@x>\r\nDate: d\r\n"
            "Message-Id: <000000000000.0000.0004@h>\r\n\r\n.\r\n");
}

TEST(Message, GivesEachMessageAnIdOfItsOwn) {
  const MessageTemplate shared({.forward_path = "r@x", .host_name = "h", .body = "x\r\n"});
  std::set<std::string> seen;
  for (std::uint64_t number = 0; number < 1'000'000; number += 1'000) {
    Output out;
    SessionMessages(shared).append_content(number, out);
    seen.insert(test::take(out));
  }
  EXPECT_EQ(seen.size(), 1'000U);
}

TEST(Message, GivesEachCommandTheParametersInUse) {
  using smtp::Extension;
  const MessageTemplate shared(
      {.reverse_path = "s@x",
       .forward_path = "a+b@x",
       .envelope = {.mail_parameters = {{Extension::eight_bit_mime, "BODY=8BITMIME"},
                                        {std::nullopt, "FOO=1"}},
                    .rcpt_parameters = {{Extension::dsn, "NOTIFY=NEVER"}},
                    .original_recipient = true},
       .headers = false,
       .body = "12345\r\n"});
  const SessionMessages messages(shared);
  Output out;
  messages.append_mail(0, {}, out);
  messages.append_rcpt(0, 0, {}, out);
  messages.append_mail(0, {Extension::size, Extension::eight_bit_mime}, out);
  messages.append_rcpt(0, 0, {Extension::dsn}, out);
  EXPECT_EQ(test::take(out),
            "MAIL FROM:<s@x> FOO=1\r\nRCPT TO:<a+b@x>\r\n"
            "MAIL FROM:<s@x> SIZE=7 BODY=8BITMIME FOO=1\r\n"
            "RCPT TO:<a+b@x> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@x\r\n");
  messages.append_rcpt(0, 0, {Extension::dsn, Extension::smtp_utf8}, out);
  EXPECT_EQ(test::take(out), "RCPT TO:<a+b@x> NOTIFY=NEVER ORCPT=utf-8;a\\x{2B}b@x\r\n");
}

// RFC 3461, 4.
TEST(Message, MarksRecipientsWhereverTheyAreNamed) {
  MessageOptions options;
  options.envelope.original_recipient = true;
  options.envelope.mark = [](std::uint64_t message, std::size_t recipient, std::string& text) {
    text += fmt::format("+{}={}", message, recipient);
  };
  const auto rcpt = [&](std::string_view address) {
    options.forward_path = address;
    const MessageTemplate shared(options);
    Output out;
    shared.append_rcpt(7, 2, {smtp::Extension::dsn}, out);
    return test::take(out);
  };
  const std::string domain = "a-domain-that-is-longer-than-any-other.example";
  EXPECT_EQ(rcpt("foo@" + domain),
            "RCPT TO:<foo+7=2@" + domain + "> ORCPT=rfc822;foo+2B7+3D2@" + domain + "\r\n");
  EXPECT_EQ(rcpt("foo"), "RCPT TO:<foo+7=2> ORCPT=rfc822;foo+2B7+3D2\r\n");
  // Nothing goes behind a quote.
  EXPECT_EQ(rcpt("\"a b\"@c"), "RCPT TO:<\"a b\"@c> ORCPT=rfc822;\"a+20b\"@c\r\n");
  EXPECT_EQ(rcpt(""), "RCPT TO:<> ORCPT=rfc822;\r\n");
}

TEST(Message, TellsOfAllThatIsPutToItsContent) {
  MessageOptions options;
  options.body = "12345\r\n";
  options.headers = false;
  options.envelope.added = 100;
  const MessageTemplate shared(options);
  Output out;
  SessionMessages(shared).append_mail(0, {smtp::Extension::size}, out);
  EXPECT_EQ(test::take(out), "MAIL FROM:<> SIZE=107\r\n");
}

TEST(Message, WritesWhatCannotStandInXtextInHexadecimal) {
  EXPECT_EQ(xtext("!a~+= \x7f\xc3"), "!a~+2B+3D+20+7F+C3");
}

// RFC 6533, 3.
TEST(Message, NamesTheOriginalRecipientInUtf8) {
  const MessageTemplate shared(
      {.forward_path = "\"\xc3\xa4 \\=\t\x7f!~\"@x", .envelope = {.original_recipient = true}});
  Output out;
  SessionMessages(shared).append_rcpt(0, 0, {smtp::Extension::dsn, smtp::Extension::smtp_utf8},
                                      out);
  EXPECT_EQ(test::take(out),
            "RCPT TO:<\"\xc3\xa4 \\=\t\x7f!~\"@x> "
            "ORCPT=utf-8;\"\xc3\xa4\\x{20}\\x{5C}\\x{3D}\\x{09}\\x{7F}!~\"@x\r\n");
}

TEST(Message, ComesInChunksOfAnySize) {
  const MessageTemplate shared({.reverse_path = "s@x",
                                .forward_path = "r@x",
                                .host_name = "h",
                                .date = "a date",
                                .body = ".dot\r\nend\r\n"});
  const SessionMessages messages(shared);
  Output whole;
  const std::uint64_t size = messages.content_size(5);
  messages.append_chunk(5, 0, size, whole);
  const std::string expected = test::take(whole);
  EXPECT_EQ(expected.size(), size);
  EXPECT_EQ(expected.substr(size - 13), "\r\n.dot\r\nend\r\n");
  for (std::uint64_t step = 1; step < size; ++step) {
    Output out;
    for (std::uint64_t offset = 0; offset < size; offset += step) {
      messages.append_chunk(5, offset, std::min(step, size - offset), out);
    }
    EXPECT_EQ(test::take(out), expected);
  }
}

TEST(Message, SharesItsBody) {
  const MessageTemplate shared(
      {.forward_path = "r@x", .headers = false, .body = payload_body(100'000)});
  Output one;
  Output two;
  SessionMessages(shared).append_content(0, one);
  SessionMessages(shared).append_content(1, two);
  std::array<std::string_view, 2> first;
  std::array<std::string_view, 2> second;
  ASSERT_EQ(one.gather(first.data(), 2), 1U);
  ASSERT_EQ(two.gather(second.data(), 2), 1U);
  EXPECT_EQ(first[0].data(), second[0].data());
}

}  // namespace
}  // namespace millrace::mail
