#include "source/trouble.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>

#include "mail/message.h"

namespace millrace::source {
namespace {

using metrics::Error;
using smtp::Verb;

constexpr std::string_view kWhere = " (session 3, x)";

TEST(Trouble, IsAboutASessionAndWhatItWasAt) {
  EXPECT_EQ(about(0, "[127.0.0.1]:25"), " (session 1, [127.0.0.1]:25)");
  EXPECT_EQ(about(41, "DATA"), " (session 42, DATA)");
}

TEST(Trouble, NamesACommandAsItWasSent) {
  mail::MessageOptions options;
  options.reverse_path = "a@b";
  options.forward_path = "c@d";
  options.recipients = 2;
  options.recipient_number = mail::RecipientNumber::prefix;
  options.envelope.mail_parameters = {{.extension = {}, .text = "BODY=8BITMIME"}};
  options.body = "x\r\n";
  const mail::MessageTemplate shared(options);
  const mail::SessionMessages messages(shared);
  const auto text = [&](const smtp::PendingCommand& command) {
    return command_text(command, messages, "me.example", "[::1]:25");
  };
  EXPECT_EQ(text({}), "[::1]:25");
  EXPECT_EQ(text({.verb = Verb::helo}), "HELO me.example");
  EXPECT_EQ(text({.verb = Verb::ehlo}), "EHLO me.example");
  EXPECT_EQ(text({.verb = Verb::lhlo}), "LHLO me.example");
  EXPECT_EQ(text({.verb = Verb::auth}), "AUTH");
  EXPECT_EQ(text({.verb = Verb::mail, .message = 4}), "MAIL FROM:<a@b> BODY=8BITMIME");
  EXPECT_EQ(text({.verb = Verb::rcpt, .message = 1, .recipient = 1}), "RCPT TO:<4c@d>");
  EXPECT_EQ(text({.verb = Verb::end_of_data, .message = 4}), ".");
}

TEST(Trouble, OfASystemCallSaysWhatTheSystemSaid) {
  const std::pair<int, Error> kinds[] = {
      {ECONNREFUSED, Error::refused}, {ECONNRESET, Error::reset}, {EPIPE, Error::reset},
      {ETIMEDOUT, Error::timeout},    {EMFILE, Error::other},     {EHOSTUNREACH, Error::other}};
  for (const auto& [error, kind] : kinds) EXPECT_EQ(failed_call("x", error, "").kind, kind);
  EXPECT_EQ(failed_call("connect", ECONNREFUSED, kWhere).text,
            "connect: Connection refused (session 3, x)");
  EXPECT_EQ(failed_call("connect", EADDRNOTAVAIL, kWhere).text,
            "connect: Cannot assign requested address: is no local port left? --bind connects from "
            "more addresses (session 3, x)");
  EXPECT_EQ(failed_call("socket", EMFILE, kWhere).text,
            "socket: Too many open files: more are to be had by ulimit -n (session 3, x)");
  EXPECT_EQ(failed_call("bind [192.0.2.1]:0", EADDRNOTAVAIL, kWhere).text,
            "bind [192.0.2.1]:0: Cannot assign requested address (session 3, x)");
  EXPECT_EQ(no_address_left(kWhere),
            "no address left to bind to (--bind, --bind-ports) (session 3, x)");
}

TEST(Trouble, OfARefusalHasTheReplyOnOneLine) {
  const smtp::Reply reply{.code = 550, .text = "550 5.1.1 no\nsuch user"};
  const Trouble trouble = rejection(Verb::rcpt, reply, kWhere);
  EXPECT_EQ(trouble.kind, Error::rejected);
  EXPECT_EQ(trouble.text, "recipient rejected: 550 5.1.1 no such user (session 3, x)");
  EXPECT_EQ(rejection(Verb::connect, {.code = 554, .text = "554 no"}, "").text,
            "rejected at server banner: 554 no");
}

TEST(Trouble, OfALossSaysWhoEndedItAndWhen) {
  const Loss closed;
  const Loss reset{.error = ECONNRESET};
  const Loss timeout{.timed_out = true};
  EXPECT_EQ(loss_awaiting(Verb::connect, closed, kWhere).text,
            "lost connection while reading server greeting (session 3, x)");
  EXPECT_EQ(loss_awaiting(Verb::end_of_data, timeout, kWhere).text,
            "timeout while sending message (session 3, x)");
  EXPECT_EQ(loss_awaiting(Verb::mail, closed, "").kind, Error::closed);
  EXPECT_EQ(loss_awaiting(Verb::mail, reset, "").kind, Error::reset);
  EXPECT_EQ(loss_awaiting(Verb::mail, timeout, "").kind, Error::timeout);
  EXPECT_EQ(loss_between_messages(reset, kWhere).text,
            "lost connection between messages (session 3, x)");
  EXPECT_EQ(loss_between_messages(reset, kWhere).kind, Error::reset);
}

TEST(Trouble, InAHandshakeIsOfTlsHoweverItEnds) {
  const Loss reset{.error = ECONNRESET};
  EXPECT_EQ(loss_in_handshake(reset, kWhere).text,
            "lost connection during the TLS handshake (session 3, x)");
  EXPECT_EQ(loss_in_handshake(reset, kWhere).kind, Error::tls);
  EXPECT_EQ(loss_in_handshake({.timed_out = true}, "").text, "timeout during the TLS handshake");
  EXPECT_EQ(loss_in_handshake({.timed_out = true}, "").kind, Error::tls);
}

}  // namespace
}  // namespace millrace::source
