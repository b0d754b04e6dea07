#include "mail/header_fields.h"

#include <gtest/gtest.h>

namespace millrace::mail {
namespace {

TEST(HeaderFields, HaveTheirNameAheadOfAColon) {
  EXPECT_EQ(field_name("Subject: a:b"), "Subject");
  EXPECT_EQ(field_name("X-!#~:"), "X-!#~");
  EXPECT_EQ(field_name("To \t : a"), "To");
}

TEST(HeaderFields, AreNotInOtherLines) {
  EXPECT_EQ(field_name(""), "");
  EXPECT_EQ(field_name(":"), "");
  EXPECT_EQ(field_name(": a"), "");
  EXPECT_EQ(field_name("Subject"), "");
  EXPECT_EQ(field_name("Dear Mr. X: hello"), "");
  EXPECT_EQ(field_name(" To: a"), "");
  EXPECT_EQ(field_name("From a@b Thu Jan  1 00:00:00 1970"), "");
  EXPECT_EQ(field_name("T\xc3\xb6: a"), "");
  EXPECT_EQ(field_name("T\x7f: a"), "");
}

TEST(HeaderFields, GoOnAfterABlank) {
  EXPECT_TRUE(continues_field(" a"));
  EXPECT_TRUE(continues_field("\ta"));
  EXPECT_FALSE(continues_field("a b"));
  EXPECT_FALSE(continues_field(""));
}

TEST(HeaderFields, OfTheLastSendingGo) {
  for (const std::string_view name : {"Date",
                                      "DATE",
                                      "date",
                                      "Message-ID",
                                      "Message-Id",
                                      "To",
                                      "Cc",
                                      "CC",
                                      "Bcc",
                                      "Received",
                                      "Return-Path",
                                      "Delivered-To",
                                      "X-Original-To",
                                      "DKIM-Signature",
                                      "Resent-From",
                                      "RESENT-message-id",
                                      "Resent-To",
                                      "ARC-Seal",
                                      "arc-message-signature",
                                      "Status",
                                      "Content-Length",
                                      "X-Mozilla-Status2"}) {
    EXPECT_TRUE(goes_when_sent_anew(name)) << name;
  }
}

TEST(HeaderFields, OfTheAuthorStay) {
  for (const std::string_view name :
       {"From", "Sender", "Reply-To", "Subject", "In-Reply-To", "References", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding", "List-Unsubscribe", "X-To", "Tot", "Resent",
        "ARC", "Date-X", "", "Errors-To"}) {
    EXPECT_FALSE(goes_when_sent_anew(name)) << name;
  }
}

}  // namespace
}  // namespace millrace::mail
