#include "smtp/mail_parameters.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::smtp {
namespace {

TEST(MailParameters, AreFoundBehindThePath) {
  const auto read = parse_mail_parameters("FROM:<a@b> SIZE=12 body=8BITMIME smtputf8 REQUIRETLS");
  EXPECT_EQ(read.path, "FROM:<a@b>");
  EXPECT_EQ(read.size, 12U);
  EXPECT_TRUE(read.smtp_utf8);
  EXPECT_TRUE(read.require_tls);
  EXPECT_FALSE(read.malformed);
}

TEST(MailParameters, APathMayQuoteWhatEndsOne) {
  EXPECT_EQ(parse_mail_parameters(R"(FROM:<"a> SIZE=9"@b> SIZE=1)").size, 1U);
  EXPECT_EQ(parse_mail_parameters(R"(FROM:<"\"> SIZE=9"@b>)").size, 0U);
  EXPECT_EQ(parse_mail_parameters("FROM:a@b SIZE=3").size, 3U);
  EXPECT_EQ(parse_mail_parameters("").path, "");
  EXPECT_EQ(parse_mail_parameters("FROM:<").path, "FROM:<");
}

TEST(MailParameters, ASizeIsANumber) {
  for (const char* const wrong :
       {"SIZE", "SIZE=", "SIZE=1k", "SIZE=-1", "SIZE=99999999999999999999"}) {
    EXPECT_TRUE(parse_mail_parameters(std::string("FROM:<> ") + wrong).malformed) << wrong;
  }
}

TEST(Chunk, HasASizeAndMayBeTheLast) {
  EXPECT_EQ(parse_chunk("0")->size, 0U);
  EXPECT_FALSE(parse_chunk("86")->last);
  EXPECT_TRUE(parse_chunk("18446744073709551615 last")->last);
  for (const char* const wrong :
       {"", "x", "1 FIRST", "-1", "18446744073709551616", "1 LAST x", "LAST"}) {
    EXPECT_FALSE(parse_chunk(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace millrace::smtp
