#include "sink/display.h"

#include <gtest/gtest.h>

namespace millrace::sink {
namespace {

TEST(Display, ShowsNoPasswords) {
  EXPECT_EQ(shown_command("AUTH PLAIN AGFubgBzZWNyZXQ="), "AUTH PLAIN (authentication)");
  EXPECT_EQ(shown_command("  auth\tlogin  YW5u c2VjcmV0"), "auth LOGIN (authentication)");
  EXPECT_EQ(shown_command("AUTH AGFubgBzZWNyZXQ="), "AUTH (authentication)");
  EXPECT_EQ(shown_command("AUTH DIGEST-MD5 c2VjcmV0"), "AUTH (authentication)");
  EXPECT_EQ(shown_arguments(smtp::Verb::auth, "XOAUTH2 dG9rZW4="), "XOAUTH2 (authentication)");
}

TEST(Display, ShowsTheRestAsItIs) {
  EXPECT_EQ(shown_command("AUTH SCRAM-SHA-256"), "AUTH SCRAM-SHA-256");
  EXPECT_EQ(shown_command("AUTH "), "AUTH ");
  EXPECT_EQ(shown_command(" MAIL  FROM:<a@b> AUTH=<>"), " MAIL  FROM:<a@b> AUTH=<>");
  EXPECT_EQ(shown_command(""), "");
  EXPECT_EQ(shown_arguments(smtp::Verb::mail, "FROM:<a>"), "FROM:<a>");
}

}  // namespace
}  // namespace millrace::sink
