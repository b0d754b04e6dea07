#include "sink/answers/answer_message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "base/calendar.h"

namespace millrace::sink {
namespace {

using Kind = rules::LaterAnswer::Kind;

constexpr std::time_t kArrived = 1'700'000'000;
constexpr AnswerOrigin kOrigin{.host_name = "sink.example", .id = "12ab.7", .date = kArrived + 60};

constexpr Kind kKinds[] = {Kind::bounce, Kind::complaint, Kind::auto_reply};

Answer answer_to(Kind kind, std::string header) {
  return {.what = {.kind = kind, .status = "5.1.1", .diagnostic = "550 5.1.1 User unknown"},
          .sender = "ann@a.example",
          .recipient = "bob@b.example",
          .client = "192.0.2.1",
          .arrived = kArrived,
          .header = std::make_shared<const std::string>(std::move(header))};
}

// With CR LF in place of LF, and the dates of the machine's time zone.
std::string message(std::string_view text) {
  std::string wire;
  for (const char byte : text) {
    if (byte == '\n') wire += '\r';
    if (byte == '@' && wire.ends_with(' ')) {
      wire += mail_date(kOrigin.date);
    } else if (byte == '#') {
      wire += mail_date(kArrived);
    } else {
      wire += byte;
    }
  }
  return wire;
}

bool well_formed(std::string_view text) {
  if (!text.ends_with("\r\n")) return false;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    const bool clean = std::all_of(line.begin(), line.end(), [](unsigned char byte) {
      return byte < 0x80 && byte != '\0' && byte != '\r' && byte != '\n';
    });
    if (!clean || line.size() > 998) return false;
    text.remove_prefix(end + 2);
  }
  return true;
}

TEST(AnswerMessage, ABounceIsADeliveryStatusNotification) {
  EXPECT_EQ(answer_message(answer_to(Kind::bounce, "Subject: x\r\n"), kOrigin),
            message(R"(From: Mail Delivery System <MAILER-DAEMON@sink.example>
To: <ann@a.example>
Subject: Your message could not be delivered
Date: @
Message-ID: <12ab.7@sink.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="=_12ab.7.0"

--=_12ab.7.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

This is the mail system at sink.example.

Your message to

    <bob@b.example>

was taken at first. It could not be delivered all the same:

    550 5.1.1 User unknown

The same for programs, and your message's header, are below.

--=_12ab.7.0
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Reporting-MTA: dns; sink.example
Arrival-Date: #

Final-Recipient: rfc822; bob@b.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--=_12ab.7.0
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 7bit

Subject: x

--=_12ab.7.0--
)"));
}

TEST(AnswerMessage, AComplaintIsAReportOfAbuse) {
  EXPECT_EQ(answer_message(answer_to(Kind::complaint, "Subject: x\r\n"), kOrigin),
            message(R"(From: Abuse Reports <abuse@sink.example>
To: <ann@a.example>
Subject: FW: x
Date: @
Message-ID: <12ab.7@sink.example>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
 boundary="=_12ab.7.0"

--=_12ab.7.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

This is a report of abuse, from sink.example.

    <bob@b.example>

says that your message is unwanted. It arrived on
#; its header is below.

--=_12ab.7.0
Content-Type: message/feedback-report
Content-Transfer-Encoding: 7bit

Feedback-Type: abuse
User-Agent: Millrace
Version: 1
Original-Mail-From: <ann@a.example>
Original-Rcpt-To: <bob@b.example>
Arrival-Date: #
Reporting-MTA: dns; sink.example
Source-IP: 192.0.2.1

--=_12ab.7.0
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 7bit

Subject: x

--=_12ab.7.0--
)"));
}

TEST(AnswerMessage, AReplyFollowsItsOriginal) {
  Answer answer = answer_to(
      Kind::auto_reply,
      "Subject: x\r\nmessage-id: <c@d>\r\nReferences: <a@b>\r\n junk <\"b\"@b> <b@b>\r\n");
  answer.what.text = "Away.\n\xc3\xa4";
  EXPECT_EQ(answer_message(answer, kOrigin), message(R"(From: <bob@b.example>
To: <ann@a.example>
Subject: Auto: x
Date: @
Message-ID: <12ab.7@sink.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
In-Reply-To: <c@d>
References: <a@b> <b@b> <c@d>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Away.
=C3=A4
)"));
}

TEST(AnswerMessage, AReplyWithoutWordsSaysSomething) {
  const std::string text = answer_message(answer_to(Kind::auto_reply, ""), kOrigin);
  EXPECT_NE(text.find("Subject: Auto: your message\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\n\r\nThis is an automatic reply."), std::string::npos);
  EXPECT_EQ(text.find("In-Reply-To"), std::string::npos);
  EXPECT_EQ(text.find("References"), std::string::npos);
}

TEST(AnswerMessage, DescentIsThatOfTheParentAndBounded) {
  const auto reply = [](std::string header) {
    return answer_message(answer_to(Kind::auto_reply, std::move(header)), kOrigin);
  };
  EXPECT_NE(
      reply("Message-ID: <c@d>\r\nIn-Reply-To: <a@b>\r\n").find("References: <a@b> <c@d>\r\n"),
      std::string::npos);
  EXPECT_EQ(reply("Message-ID: <c d@e>\r\nReferences: <a@b>\r\n").find("References"),
            std::string::npos);
  const std::string two = reply("Message-ID: <c@d>\r\nIn-Reply-To: <a@b> <b@b>\r\n");
  EXPECT_NE(two.find("References: <c@d>\r\n"), std::string::npos);
  std::string many = "Message-ID: <last@d>\r\nReferences:";
  for (int i = 0; i < 5'000; ++i) many.append(" <").append(std::to_string(i)).append("@x>");
  const std::string text = reply(many + "\r\n");
  EXPECT_EQ(text.find("<4990@x>"), std::string::npos);
  EXPECT_NE(text.find("<4991@x>"), std::string::npos);
  EXPECT_NE(text.find("<last@d>\r\nContent-Type"), std::string::npos);
}

TEST(AnswerMessage, AMessageIdHasALongestLength) {
  const auto reply_to = [](std::size_t length) {
    const std::string id = "<" + std::string(length - 4, 'x') + "@d>";
    return answer_message(answer_to(Kind::auto_reply, "Message-ID: " + id + "\r\n"), kOrigin);
  };
  EXPECT_NE(reply_to(250).find("In-Reply-To: <xx"), std::string::npos);
  EXPECT_EQ(reply_to(251).find("In-Reply-To"), std::string::npos);
}

TEST(AnswerMessage, WhatOthersWroteHasALongestLength) {
  Answer answer = answer_to(Kind::bounce, "");
  answer.what.diagnostic = std::string(900, 'd');
  answer.envelope_id = std::string(900, 'e');
  const std::string bounce = answer_message(answer, kOrigin);
  const auto cut = [](char byte, std::size_t most) {
    return ' ' + std::string(most, byte) + "...\r\n";
  };
  EXPECT_NE(bounce.find(cut('d', 600)), std::string::npos);
  EXPECT_NE(bounce.find(cut('e', 500)), std::string::npos);
  const std::string header = "Subject: " + std::string(900, 's') + "\r\n";
  const std::string reply = answer_message(answer_to(Kind::auto_reply, header), kOrigin);
  EXPECT_NE(reply.find(' ' + std::string(200, 's') + "\r\n"), std::string::npos);
}

TEST(AnswerMessage, HeadersThatAreNoTextAreEncodedByteByByte) {
  const std::string text =
      answer_message(answer_to(Kind::bounce, std::string("A: \0\xff\rb\nc\r\n", 11)), kOrigin);
  EXPECT_NE(text.find("Content-Type: text/rfc822-headers\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\nA: =00=FF=0Db=0Ac\r\n"),
            std::string::npos)
      << text;
}

TEST(AnswerMessage, ABoundaryIsNowhereElse) {
  const std::string text =
      answer_message(answer_to(Kind::complaint, "--=_12ab.7.0--\r\nA: =_12ab.7.1\r\n"), kOrigin);
  EXPECT_NE(text.find("boundary=\"=_12ab.7.2\""), std::string::npos);
}

TEST(AnswerMessage, WhatIsLeftOutIsNotInvented) {
  Answer answer = answer_to(Kind::complaint, "");
  answer.client = "local";
  EXPECT_EQ(answer_message(answer, kOrigin).find("Source-IP"), std::string::npos);
  answer.what = {.kind = Kind::bounce};
  const std::string bounce = answer_message(answer, kOrigin);
  EXPECT_EQ(bounce.find("Diagnostic-Code"), std::string::npos);
  EXPECT_NE(bounce.find("Status: 5.0.0\r\n"), std::string::npos);
}

TEST(AnswerMessage, ABounceSaysWhatTheClientGaveForIt) {
  const auto told = [](const std::string& id, const std::string& original) {
    Answer answer = answer_to(Kind::bounce, "");
    answer.envelope_id = id;
    answer.original_recipient = original;
    const std::string text = answer_message(answer, kOrigin);
    const std::size_t start = text.find("7bit\r\n\r\n", text.find("message/delivery-status")) + 8;
    return text.substr(start, text.find("Action:") - start);
  };
  const std::string end = message("Reporting-MTA: dns; sink.example\nArrival-Date: #\n\n");
  const std::string last = "Final-Recipient: rfc822; bob@b.example\r\n";
  EXPECT_EQ(told("id  +1", "rfc822;robert+x@b.example"),
            "Original-Envelope-Id: id  +1\r\n" + end +
                "Original-Recipient: rfc822; robert+x@b.example\r\n" + last);
  EXPECT_EQ(told("", ""), end + last);
  // Whatever was encoded in them.
  EXPECT_EQ(told("1\r\nX: y", "utf-8;\xc3\xa4\r\nX: y"),
            "Original-Envelope-Id: 1\\r\\nX: y\r\n" + end +
                "Original-Recipient: utf-8; \\xc3\\xa4\\r\\nX: y\r\n" + last);
  EXPECT_EQ(told("", "utf-8;\xc3\xa4\\x{2B}@b"),
            end + "Original-Recipient: utf-8; \\x{E4}\\x{2B}@b\r\n" + last);
}

// RFC 6533, 3.
TEST(AnswerMessage, ARecipientInUtf8IsOfItsOwnType) {
  Answer answer = answer_to(Kind::bounce, "");
  answer.recipient = "b\xc3\xa4+@\xce\xb1";
  EXPECT_NE(answer_message(answer, kOrigin)
                .find("\r\nFinal-Recipient: utf-8; b\\x{E4}\\x{2B}@\\x{3B1}\r\n"),
            std::string::npos);
  EXPECT_NE(answer_message(answer, kOrigin).find("<b=C3=A4+@=CE=B1>"), std::string::npos);
  answer.recipient = "b\xff@c";
  EXPECT_NE(answer_message(answer, kOrigin).find("\r\nFinal-Recipient: rfc822; b\\xff@c\r\n"),
            std::string::npos);
  for (const char* recipient : {"b\xc3\xa4@c", "b\xff@c", "b\1@c"}) {
    Answer complaint = answer_to(Kind::complaint, "");
    complaint.recipient = recipient;
    EXPECT_EQ(answer_message(complaint, kOrigin).find("Original-Rcpt-To"), std::string::npos);
  }
}

TEST(AnswerMessage, AnAddressIsWholeWhereverItCouldBe) {
  const std::string longest = std::string(64, 'l') + '@' + std::string(251, 'd') + ".org";
  Answer bounce = answer_to(Kind::bounce, "");
  bounce.recipient = longest;
  EXPECT_NE(answer_message(bounce, kOrigin).find("rfc822;\r\n " + longest + "\r\n"),
            std::string::npos);
  Answer complaint = answer_to(Kind::complaint, "");
  complaint.recipient = longest;
  EXPECT_NE(answer_message(complaint, kOrigin).find("Original-Rcpt-To: <" + longest + ">\r\n"),
            std::string::npos);
}

// RFC 6533. A report of abuse knows no such type (RFC 5965, 2).
TEST(AnswerMessage, AHeaderInUtf8IsOfItsOwnType) {
  const std::string header = "Subject: \xc3\xa4\r\n";
  EXPECT_NE(answer_message(answer_to(Kind::bounce, header), kOrigin)
                .find("Content-Type: message/global-headers\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\nSubject: =C3=A4\r\n"),
            std::string::npos);
  EXPECT_NE(answer_message(answer_to(Kind::complaint, header), kOrigin)
                .find("Content-Type: text/rfc822-headers\r\n"),
            std::string::npos);
}

TEST(AnswerMessage, AClientIsAnAddressAsItIsWritten) {
  Answer answer = answer_to(Kind::complaint, "");
  answer.client = "2001:DB8:0::1";
  EXPECT_NE(answer_message(answer, kOrigin).find("Source-IP: 2001:db8::1\r\n"), std::string::npos);
  answer.client = std::string("192.0.2.1\0junk", 14);
  EXPECT_EQ(answer_message(answer, kOrigin).find("Source-IP"), std::string::npos);
}

// Whatever an original says, in its header or in its envelope.
TEST(AnswerMessage, IsWellFormedForHostileOriginals) {
  const std::string long_line(60'000, 'y');
  const std::string headers[] = {
      "X: " + long_line + "\r\n",
      "Subject: " + long_line + "\r\n",
      "Subject: " + std::string(60'000, '\xff') + "\r\n",
      "A: b\rC: d\nE: f\r\n",
      "no line end",
      std::string(65'536, '\0'),
      std::string(65'536, '\r'),
      "Message-ID: <" + long_line + "@x>\r\nReferences: <" + long_line + "@x>\r\n",
  };
  for (const Kind kind : kKinds) {
    for (const std::string& header : headers) {
      EXPECT_TRUE(well_formed(answer_message(answer_to(kind, header), kOrigin)));
    }
    Answer answer = answer_to(kind, "");
    answer.recipient = long_line + "\r\nX: \xff";
    answer.client = "1\r\n";
    answer.envelope_id = long_line + "\r\n\r\n";
    answer.original_recipient = long_line + ";" + long_line + "\r\n\xc3\xa4";
    answer.what.diagnostic = "550 " + long_line + "\r\n\r\n--";
    answer.what.text = long_line + std::string("\0\r\r\n\xff", 5);
    EXPECT_TRUE(well_formed(answer_message(answer, kOrigin)));
    for (int i = 0; i < 1'000; ++i) answer.recipient.insert(0, "\xc3\xa4");
    answer.original_recipient = "utf-8;" + answer.recipient.substr(0, 2'000);
    EXPECT_TRUE(well_formed(answer_message(answer, kOrigin)));
    answer.recipient.resize(320);
    EXPECT_TRUE(well_formed(answer_message(answer, kOrigin)));
  }
}

}  // namespace
}  // namespace millrace::sink
