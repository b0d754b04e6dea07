#include "sink/display.h"

#include <gtest/gtest.h>

#include "sink/shown_lines.h"

namespace millrace::sink {
namespace {

TEST(Display, ShowsNoPasswords) {
  EXPECT_EQ(shown_command("AUTH PLAIN AGFubgBzZWNyZXQ="), "AUTH PLAIN (authentication)");
  EXPECT_EQ(shown_command("  auth\tlogin  YW5u c2VjcmV0"), "auth LOGIN (authentication)");
  EXPECT_EQ(shown_command("AUTH AGFubgBzZWNyZXQ="), "AUTH (authentication)");
  EXPECT_EQ(shown_command("AUTH DIGEST-MD5 c2VjcmV0"), "AUTH (authentication)");
  EXPECT_EQ(shown_arguments(smtp::Verb::auth, "XOAUTH2 dG9rZW4="), "XOAUTH2 (authentication)");
  EXPECT_EQ(shown_arguments(smtp::Verb::ehlo, "x\nAUTH PLAIN c2VjcmV0"),
            "x\nAUTH PLAIN (authentication)");
}

// A command that is none but says AUTH may bring a password as well.
TEST(Display, ShowsNoPasswordOfAMisspeltAuth) {
  using namespace std::string_view_literals;
  EXPECT_EQ(shown_command("AUTH=LOGIN c2VjcmV0"), "AUTH (authentication)");
  EXPECT_EQ(shown_command("  authplain\tc2VjcmV0"), "auth (authentication)");
  EXPECT_EQ(shown_command("AUTHc2VjcmV0"), "AUTH (authentication)");
  EXPECT_EQ(shown_command("\0AUTH PLAIN c2VjcmV0"sv), "\0AUTH (authentication)"sv);
  EXPECT_EQ(shown_command("AUTH\0PLAIN c2VjcmV0"sv), "AUTH (authentication)");
  EXPECT_EQ(shown_command("XAuth "), "XAuth");
}

TEST(Display, ShowsTheRestAsItIs) {
  EXPECT_EQ(shown_command("AUTH SCRAM-SHA-256"), "AUTH SCRAM-SHA-256");
  EXPECT_EQ(shown_command("AUTH "), "AUTH ");
  EXPECT_EQ(shown_command(" MAIL  FROM:<a@b> AUTH=<>"), " MAIL  FROM:<a@b> AUTH=<>");
  EXPECT_EQ(shown_command(""), "");
  EXPECT_EQ(shown_arguments(smtp::Verb::mail, "FROM:<author@a> SIZE=1"), "FROM:<author@a> SIZE=1");
}

// What is said behind an AUTH that was refused, or is over, may be what it asked for.
TEST(ShownLines, HideWhatFollowsAnAuthUpToTheNextCommand) {
  ShownLines lines;
  EXPECT_EQ(lines.show("HELLO"), "HELLO");
  EXPECT_EQ(lines.show("AUTH LOGIN"), "AUTH LOGIN");
  EXPECT_EQ(lines.show("YW5u"), "(authentication)");
  EXPECT_EQ(lines.show("c2VjcmV0"), "(authentication)");
  EXPECT_EQ(lines.show(""), "");
  EXPECT_EQ(lines.show("."), "(authentication)");
  EXPECT_EQ(lines.show("connect"), "(authentication)");
  EXPECT_EQ(lines.show("noop c2VjcmV0"), "noop c2VjcmV0");
  EXPECT_EQ(lines.show("c2VjcmV0"), "c2VjcmV0");
  EXPECT_EQ(lines.show("auth"), "auth ");
  EXPECT_EQ(lines.show("HELP me"), "HELP me");
  EXPECT_EQ(lines.show("HELLO"), "HELLO");
}

TEST(ShownLines, HideWhatFollowsAMisspeltAuth) {
  ShownLines lines;
  EXPECT_EQ(lines.show("AUTH=LOGIN"), "AUTH (authentication)");
  EXPECT_EQ(lines.show("c2VjcmV0"), "(authentication)");
  EXPECT_EQ(lines.show("RSET"), "RSET");
  EXPECT_EQ(lines.show("x\nxauth\nc2VjcmV0"), "x\nxauth\n(authentication)");
}

// To a server that takes them for line ends, commands stand between single CRs and LFs.
TEST(ShownLines, HideWhatFollowsAnAuthWithinALine) {
  ShownLines lines;
  EXPECT_EQ(lines.show("EHLO x\nAUTH PLAIN c2VjcmV0\nc2VjcmV0\rNOOP"),
            "EHLO x\nAUTH PLAIN (authentication)\n(authentication)\r(authentication)");
  EXPECT_EQ(lines.show("c2VjcmV0\n"), "(authentication)\n");
  EXPECT_EQ(lines.show("NOOP\nc2VjcmV0"), "NOOP\nc2VjcmV0");
  EXPECT_EQ(lines.show("\nAUTH PLAIN"), "\nAUTH PLAIN");
  EXPECT_EQ(lines.show("c2VjcmV0"), "(authentication)");
}

}  // namespace
}  // namespace millrace::sink
