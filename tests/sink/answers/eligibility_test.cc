#include "sink/answers/eligibility.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::sink {
namespace {

// "all", "reports" or "none"; "replies" would be wrong.
std::string answers(const std::string& sender, const std::string& header) {
  const Answerable answerable = what_may_answer(sender, header_fields(header));
  EXPECT_EQ(answerable.by(rules::LaterAnswer::Kind::auto_reply), answerable.by_reply);
  EXPECT_EQ(answerable.by(rules::LaterAnswer::Kind::bounce), answerable.by_report);
  EXPECT_EQ(answerable.by(rules::LaterAnswer::Kind::complaint), answerable.by_report);
  if (answerable.by_reply) return answerable.by_report ? "all" : "replies";
  return answerable.by_report ? "reports" : "none";
}

TEST(Eligibility, APersonIsAnswered) {
  for (const char* header :
       {"", "Subject: x\r\n", "Auto-Submitted: no\r\n", "auto-submitted: NO (a person)\r\n",
        "Auto-Submitted: No; owner=x\r\n", "Precedence: first-class\r\n", "Listless: x\r\n",
        "Content-Type: multipart/mixed; boundary=report\r\n", "X-List-Id: x\r\n",
        "Subject: x\r\n\r\nAuto-Submitted: auto-replied\r\n"}) {
    EXPECT_EQ(answers("ann@a.example", header), "all") << header;
  }
}

TEST(Eligibility, APersonIsNobodyElse) {
  for (const char* sender : {"ann@a", "request@a", "owner@a", "a-requests@a", "listserv1@a",
                             "\"ann b\"@[192.0.2.1]", "mailer-daemon-fan@a"}) {
    EXPECT_EQ(answers(sender, ""), "all") << sender;
  }
}

TEST(Eligibility, ProgramsAreNot) {
  for (const char* sender :
       {"", "MAILER-DAEMON@a", "mailer-daemon@a", "LISTSERV@a", "majordomo@a"}) {
    EXPECT_EQ(answers(sender, ""), "none") << sender;
  }
}

TEST(Eligibility, NoMailboxIs) {
  for (const char* sender : {"ann", "ann@", "a b@c", "\xc3\xa4@a", "ann@a>", "@a:ann@b"}) {
    EXPECT_EQ(answers(sender, ""), "none") << sender;
  }
  EXPECT_EQ(answers(std::string(318, 'a') + "@b", ""), "all");
  EXPECT_EQ(answers(std::string(319, 'a') + "@b", ""), "none");
}

TEST(Eligibility, AutomaticMessagesAndListsAreNot) {
  for (const char* header :
       {"Auto-Submitted: auto-generated\r\n", "AUTO-SUBMITTED:\r\n auto-replied\r\n",
        "Auto-Submitted:\r\n", "Auto-Submitted: nobody\r\n", "precedence: List\r\n",
        "List-Id: <a.b>\r\n", "List-Post: NO\r\n", "list-x:\r\n", "List-Unsubscribed: x\r\n",
        "List-Unsubscribe: <mailto:a@b>\r\nList-Id: <a.b>\r\n",
        "Content-Type: multipart/report; report-type=delivery-status\r\n",
        "Content-Type:\r\n\tMultipart/Report\r\n", "Subject: x\r\nPrecedence: list\r\n",
        "Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n", "A: b\nList-Id: x\n"}) {
    EXPECT_EQ(answers("ann@a.example", header), "none") << header;
  }
}

// A sender of bulk mail waits for reports; a reply would be to nobody.
TEST(Eligibility, BulkMailIsReportedOn) {
  for (const char* header :
       {"List-Unsubscribe: <mailto:a@b>\r\n",
        "List-Unsubscribe: <https://a>\r\nLIST-UNSUBSCRIBE-POST: List-Unsubscribe=One-Click\r\n",
        "Precedence: bulk\r\n", "Precedence: JUNK (x)\r\n"}) {
    EXPECT_EQ(answers("ann@a.example", header), "reports") << header;
  }
  for (const char* sender : {"owner-x@a", "Owner-@a", "x-request@a", "X-REQUEST@a"}) {
    EXPECT_EQ(answers(sender, ""), "reports") << sender;
    EXPECT_EQ(answers(sender, "List-Id: <a.b>\r\n"), "none") << sender;
  }
}

}  // namespace
}  // namespace millrace::sink
