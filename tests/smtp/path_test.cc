#include "smtp/path.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::smtp {
namespace {

TEST(Path, EndsWithTheBracketThatIsNotQuoted) {
  EXPECT_EQ(path_in("FROM:<a@b> SIZE=1"), "FROM:<a@b>");
  EXPECT_EQ(path_in("FROM:<> SIZE=1"), "FROM:<>");
  EXPECT_EQ(path_in("FROM: <a@b>SIZE=1"), "FROM: <a@b>");
  EXPECT_EQ(path_in("TO:<\"a> b\"@c> X"), "TO:<\"a> b\"@c>");
  EXPECT_EQ(path_in("TO:<\"a\\\">\"@c> X"), "TO:<\"a\\\">\"@c>");
  EXPECT_EQ(path_in("TO:<a\\>b> X"), "TO:<a\\>");  // a backslash quotes in quotes only
}

TEST(Path, WithoutABracketEndsAtABlank) {
  EXPECT_EQ(path_in("FROM:a@b SIZE=1"), "FROM:a@b");
  EXPECT_EQ(path_in("FROM:a@b\tSIZE=1"), "FROM:a@b");
  EXPECT_EQ(path_in("FROM:a@b"), "FROM:a@b");
  EXPECT_EQ(path_in("FROM:<\"a> SIZE=1"), "FROM:<\"a>");  // the quote is never closed
  EXPECT_EQ(path_in(""), "");
}

TEST(Path, StandsBehindTheColon) {
  EXPECT_EQ(behind_colon("FROM:<a@b> SIZE=1"), "<a@b> SIZE=1");
  EXPECT_EQ(behind_colon("TO: \t <a:b@c>"), "<a:b@c>");
  EXPECT_EQ(behind_colon(" <a@b>"), "<a@b>");
  EXPECT_EQ(behind_colon("TO:  "), "");
  EXPECT_EQ(behind_colon(""), "");
}

TEST(Mailbox, IsSplitAtItsLastSign) {
  EXPECT_EQ(split_mailbox("a@b").local_part, "a");
  EXPECT_EQ(split_mailbox("a@b").domain, "@b");
  EXPECT_EQ(split_mailbox("\"a@b\"@c").local_part, "\"a@b\"");
  EXPECT_EQ(split_mailbox("a").local_part, "a");
  EXPECT_EQ(split_mailbox("a").domain, "");
  EXPECT_EQ(split_mailbox("").local_part, "");
}

TEST(Domain, IsMadeOfLabels) {
  for (const char* domain : {"a", "a.b", "mail-1.example", "_x.example", "1.2", "xn--a.b"}) {
    EXPECT_TRUE(valid_domain(domain)) << domain;
  }
  for (const char* other :
       {"", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "a@b", "\xc3\xa4", "[::1]"}) {
    EXPECT_FALSE(valid_domain(other)) << other;
  }
  const std::string longest(63, 'a');
  EXPECT_TRUE(valid_domain(longest));
  EXPECT_FALSE(valid_domain(longest + "a"));
  const std::string four = longest + "." + longest + "." + longest + "." + longest;  // 255
  EXPECT_TRUE(valid_domain(four));
  EXPECT_FALSE(valid_domain(four.substr(0, 254) + ".a"));
}

TEST(AddressLiteral, IsInBrackets) {
  EXPECT_TRUE(valid_address_literal("[192.0.2.1]"));
  EXPECT_TRUE(valid_address_literal("[IPv6:2001:db8::1]"));
  for (const char* other : {"", "[]", "192.0.2.1", "[192.0.2.1", "192.0.2.1]", "[a b]", "[a]b]"}) {
    EXPECT_FALSE(valid_address_literal(other)) << other;
  }
}

TEST(ValidMailbox, HasALocalPartAndADomain) {
  for (const char* mailbox : {"a@b", "a.b+c=d@mail-1.example", "\"a b@c\"@b",
                              "\"a\\\"b\"@[192.0.2.1]", "!#$%&'*@b", "\"\"@b"}) {
    EXPECT_TRUE(valid_mailbox(mailbox)) << mailbox;
  }
  for (const char* other :
       {"",        "a",          "@",          "@b",         "a@",         ".a@b",
        "a.@b",    "a..b@c",     "a b@c",      "a,b@c",      "<a@b>",      "a@b>",
        "\"@b",    "\"a\\\"@b",  "\"a\"b\"@c", "\xc3\xa4@b", "a@\xc3\xa4", "a@b c",
        "a\x01@b", "\"a\rb\"@c", "a@b\r\nRSET"}) {
    EXPECT_FALSE(valid_mailbox(other)) << other;
  }
  EXPECT_FALSE(valid_mailbox(std::string_view("a\0b@c", 5)));
}

// RFC 6531, 3.3.
TEST(ValidMailbox, MayBeInUtf8WhereThatIsAskedFor) {
  constexpr Charset kUtf8 = Charset::utf8;
  for (const char* mailbox : {"a@b", "\xc3\xa4@b", "a@\xc3\xa4", "\"\xc3\xa4 b\"@b",
                              "\xe7\x94\xa8.b@xn--a.\xe4\xbe\x8b"}) {
    EXPECT_TRUE(valid_mailbox(mailbox, kUtf8)) << mailbox;
  }
  for (const char* other : {"\xe4@b", "a@\xe4", "\"\xe4\"@b", "\xc3\xa4 b@c", "\xc3\xa4..b@c",
                            "a@\xc3\xa4-", "\xed\xa0\x80@b", "a@\xc3\xa4..b"}) {
    EXPECT_FALSE(valid_mailbox(other, kUtf8)) << other;
  }
  // A label of 63 letters is as long in ASCII at least.
  std::string label;
  for (int letter = 0; letter < 63; ++letter) label += "\xc3\xa4";
  EXPECT_TRUE(valid_domain(label, kUtf8));
  EXPECT_FALSE(valid_domain(label + "a", kUtf8));
  EXPECT_FALSE(valid_domain(label));
}

TEST(ValidLocalPart, HasAtomsOrQuotes) {
  for (const char* local_part : {"a", "a.b+c=d", "\"a b@c\"", "!#$%&'*", "\"\""}) {
    EXPECT_TRUE(valid_local_part(local_part)) << local_part;
  }
  for (const char* other : {"", ".a", "a.", "a..b", "a b", "a@b", "\"", "\"a\"b", "a\r"}) {
    EXPECT_FALSE(valid_local_part(other)) << other;
  }
}

TEST(Path, AnAddressHasNeitherBracketsNorRouteNorParameters) {
  for (const auto& [arguments, address] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"FROM:<a@b>", "a@b"},
           {"from: <a@b> SIZE=1", "a@b"},
           {"FROM:<>", ""},
           {"TO:a@b", "a@b"},
           {"TO:<@r.test,@s.test:a@b> NOTIFY=NEVER", "a@b"},
           {"TO:<@r.test>", "@r.test"},
           {"TO:<\"a>b: c\"@d>", "\"a>b: c\"@d"},
           {"TO:<", "<"},
           {"", ""},
       }) {
    EXPECT_EQ(address_in(arguments), address) << arguments;
  }
}

}  // namespace
}  // namespace millrace::smtp
