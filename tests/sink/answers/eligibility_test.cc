#include "sink/answers/eligibility.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::sink {
namespace {

bool answered(const std::string& sender, const std::string& header) {
  return may_be_answered(sender, header_fields(header));
}

TEST(Eligibility, APersonIsAnswered) {
  for (const char* header :
       {"", "Subject: x\r\n", "Auto-Submitted: no\r\n", "auto-submitted: NO (a person)\r\n",
        "Auto-Submitted: No; owner=x\r\n", "Precedence: first-class\r\n", "Listless: x\r\n",
        "Content-Type: multipart/mixed; boundary=report\r\n", "X-List-Id: x\r\n",
        "Subject: x\r\n\r\nAuto-Submitted: auto-replied\r\n"}) {
    EXPECT_TRUE(answered("ann@a.example", header)) << header;
  }
}

TEST(Eligibility, APersonIsNobodyElse) {
  for (const char* sender : {"ann@a", "request@a", "owner@a", "a-requests@a", "listserv1@a",
                             "\"ann b\"@[192.0.2.1]", "mailer-daemon-fan@a"}) {
    EXPECT_TRUE(answered(sender, "")) << sender;
  }
}

TEST(Eligibility, ProgramsAndListsAreNot) {
  for (const char* sender : {"", "MAILER-DAEMON@a", "mailer-daemon@a", "owner-x@a", "Owner-@a",
                             "x-request@a", "X-REQUEST@a", "LISTSERV@a", "majordomo@a"}) {
    EXPECT_FALSE(answered(sender, "")) << sender;
  }
}

TEST(Eligibility, NoMailboxIsNot) {
  for (const char* sender : {"ann", "ann@", "a b@c", "\xc3\xa4@a", "ann@a>", "@a:ann@b"}) {
    EXPECT_FALSE(answered(sender, "")) << sender;
  }
  EXPECT_TRUE(answered(std::string(318, 'a') + "@b", ""));
  EXPECT_FALSE(answered(std::string(319, 'a') + "@b", ""));
}

TEST(Eligibility, AutomaticMessagesAreNot) {
  for (const char* header :
       {"Auto-Submitted: auto-generated\r\n", "AUTO-SUBMITTED:\r\n auto-replied\r\n",
        "Auto-Submitted:\r\n", "Auto-Submitted: nobody\r\n", "Precedence: bulk\r\n",
        "precedence: List\r\n", "Precedence: JUNK (x)\r\n", "List-Id: <a.b>\r\n",
        "List-Unsubscribe: <mailto:a@b>\r\n", "list-x:\r\n",
        "Content-Type: multipart/report; report-type=delivery-status\r\n",
        "Content-Type:\r\n\tMultipart/Report\r\n", "Subject: x\r\nPrecedence: bulk\r\n",
        "Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n", "A: b\nList-Id: x\n"}) {
    EXPECT_FALSE(answered("ann@a.example", header)) << header;
  }
}

}  // namespace
}  // namespace millrace::sink
