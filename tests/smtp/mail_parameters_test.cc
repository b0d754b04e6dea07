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
  EXPECT_FALSE(read.bad_size);
}

TEST(MailParameters, APathMayQuoteWhatEndsOne) {
  EXPECT_EQ(parse_mail_parameters(R"(FROM:<"a> SIZE=9"@b> SIZE=1)").size, 1U);
  EXPECT_EQ(parse_mail_parameters(R"(FROM:<"\"> SIZE=9"@b>)").size, 0U);
  EXPECT_EQ(parse_mail_parameters("FROM:a@b SIZE=3").size, 3U);
  // A backslash has a meaning in quotes only.
  EXPECT_EQ(parse_mail_parameters(R"(FROM:<"ab c"@d> SIZE=1)").path, R"(FROM:<"ab c"@d>)");
  EXPECT_EQ(parse_mail_parameters(R"(FROM:<"a bc"@d> SIZE=1)").path, R"(FROM:<"a bc"@d>)");
  EXPECT_EQ(parse_mail_parameters(R"(FROM:<a\>b> SIZE=1)").path, R"(FROM:<a\>)");
  EXPECT_EQ(parse_mail_parameters("").path, "");
  EXPECT_EQ(parse_mail_parameters("FROM:<").path, "FROM:<");
}

TEST(MailParameters, ASizeIsANumber) {
  for (const char* const wrong : {"SIZE", "SIZE=", "SIZE=1k", "SIZE=-1"}) {
    const auto read = parse_mail_parameters(std::string("FROM:<> ") + wrong);
    EXPECT_TRUE(read.bad_size) << wrong;
    EXPECT_EQ(read.size, 0U) << wrong;
  }
  // Twenty digits may be more than 64 bits hold (RFC 1870, 3).
  const auto huge = parse_mail_parameters("FROM:<> SIZE=99999999999999999999");
  EXPECT_FALSE(huge.bad_size);
  EXPECT_EQ(huge.size, 18'446'744'073'709'551'615U);
}

TEST(MailParameters, ABodyIsOneOfThree) {
  using Body = MailParameters::Body;
  const auto body = [](const std::string& text) { return parse_mail_parameters(text).body; };
  EXPECT_EQ(body("FROM:<>"), Body::not_given);
  EXPECT_EQ(body("FROM:<> BODY=7bit"), Body::text);
  EXPECT_EQ(body("FROM:<> body=8BITMIME"), Body::text);
  EXPECT_EQ(body("FROM:<> BODY=BinaryMime SIZE=1"), Body::binary);
  for (const char* const wrong : {"BODY", "BODY=", "BODY=8BIT", "BODY=BINARYMIMES"}) {
    EXPECT_EQ(body(std::string("FROM:<> ") + wrong), Body::unknown) << wrong;
  }
}

}  // namespace
}  // namespace millrace::smtp
