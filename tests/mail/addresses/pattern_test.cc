#include "mail/addresses/pattern.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace millrace::mail {
namespace {

std::optional<Pattern> parse(std::string_view text, AddressPart part = AddressPart::local_part) {
  std::string why = "of an earlier one";
  auto pattern = Pattern::parse(text, part, why);
  EXPECT_EQ(pattern.has_value(), why.empty()) << text << ": " << why;
  return pattern;
}

std::string why_not(std::string_view text, AddressPart part = AddressPart::local_part) {
  std::string why;
  EXPECT_FALSE(Pattern::parse(text, part, why)) << text;
  return why;
}

std::string value(const Pattern& pattern, std::uint64_t number) {
  std::string text;
  pattern.append(number, text);
  return text;
}

// All of them, each followed by a blank.
std::string values(std::string_view text, AddressPart part = AddressPart::local_part) {
  const Pattern pattern = parse(text, part).value();
  std::string all;
  for (std::uint64_t number = 0; number < pattern.size(); ++number) {
    pattern.append(number, all);
    all += ' ';
  }
  return all;
}

TEST(Pattern, ValuesAreNumbered) {
  EXPECT_EQ(values("u{1-3}"), "u1 u2 u3 ");
  EXPECT_EQ(values("{9-11}x"), "9x 10x 11x ");
  EXPECT_EQ(values("u{7-7}"), "u7 ");
  EXPECT_EQ(values("u{0-0}"), "u0 ");
  EXPECT_EQ(values("just.me"), "just.me ");
  EXPECT_EQ(values("\"a {1-2}\""), "\"a 1\" \"a 2\" ");
  EXPECT_EQ(values("u{1-2}@mid{0-1}.test", AddressPart::mailbox),
            "u1@mid0.test u1@mid1.test u2@mid0.test u2@mid1.test ");
  EXPECT_EQ(values("[192.0.2.{9-10}]", AddressPart::domain), "[192.0.2.9] [192.0.2.10] ");
}

TEST(Pattern, LeadingZerosAreKept) {
  EXPECT_EQ(values("u{08-11}"), "u08 u09 u10 u11 ");
  EXPECT_EQ(values("u{099-101}"), "u099 u100 u101 ");
  EXPECT_EQ(values("u{00-02}"), "u00 u01 u02 ");
  EXPECT_EQ(values("u{09-09}"), "u09 ");
  EXPECT_EQ(values("u{0-2}"), "u0 u1 u2 ");
  EXPECT_EQ(value(parse("u{01-100}").value(), 99), "u100");
}

TEST(Pattern, TheLargestHas2To48Values) {
  const Pattern pattern = parse("u{0-281474976710655}").value();
  EXPECT_EQ(pattern.size(), Pattern::kMostValues);
  EXPECT_EQ(value(pattern, pattern.size() - 1), "u281474976710655");
  EXPECT_EQ(parse("u{1-16777216}.{1-16777216}").value().size(), Pattern::kMostValues);
  EXPECT_EQ(value(parse("u{999999999999999998-999999999999999999}").value(), 1),
            "u999999999999999999");
  EXPECT_EQ(why_not("u{0-281474976710656}"), "'u{0-281474976710656}' is of more than 2^48 values");
  EXPECT_FALSE(parse("u{1-16777216}.{0-16777216}"));
  EXPECT_FALSE(parse("u{0-999999999999999999}.{0-999999999999999999}"));
  EXPECT_FALSE(parse("u{0-4294967295}.{0-4294967295}"));  // 2^64
}

TEST(Pattern, NoTwoValuesAreTheSame) {
  for (const char* const text :
       {"{1-11}.{1-11}", "{01-11}{01-11}", "{1-9}{1-11}", "{01-12}0{1-12}", "{1-12}a{8-12}",
        "{98-101}-{1-3}{1-12}", "{1-3}{1-3}{1-3}", "{10-30}{1-12}", "x{001-012}{1-12}y{8-10}"}) {
    const Pattern pattern = parse(text).value();
    std::set<std::string> all;
    for (std::uint64_t number = 0; number < pattern.size(); ++number) {
      EXPECT_TRUE(all.insert(value(pattern, number)).second) << text << ": " << number;
    }
  }
  for (const char* const text :
       {"{1-11}{1-11}", "{1-10}{1-1}", "u{1-20}0{1-9}", "{01-100}{1-9}", "{9-10}{9-10}x"}) {
    EXPECT_NE(why_not(text).find("nothing but digits between them"), std::string::npos) << text;
  }
}

TEST(Pattern, WhatIsNoneIsRefused) {
  for (const char* const text :
       {"u{",
        "u}",
        "u{1-2",
        "u1-2}",
        "u}1-2{",
        "u{{1-2}}",
        "u{}",
        "u{1}",
        "u{-}",
        "u{1-}",
        "u{-1}",
        "u{a-b}",
        "u{1-2-3}",
        "u{ 1-2}",
        "u{1 - 2}",
        "u{2-1}",
        "u{1-02}",
        "u{001-02}",
        "u{+1-2}",
        "u{1-1000000000000000000}",
        "u{0000000000000000001-2}",
        "u{1-18446744073709551616}",
        "",
        "a b",
        ".u{1-2}",
        "u{1-2}.",
        "u{1-2}@a.test",
        "a{1-2}.b{1-2}.c{1-2}.d{1-2}.e{1-2}.f{1-2}.g{1-2}.h{1-2}.i{1-2}"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
  EXPECT_FALSE(parse("u{1-2}", AddressPart::mailbox));
  EXPECT_FALSE(parse("u{1-2}@", AddressPart::mailbox));
  EXPECT_FALSE(parse("@a{1-2}", AddressPart::mailbox));
  EXPECT_FALSE(parse("a_b!{1-2}.test", AddressPart::domain));
  EXPECT_FALSE(parse("{1-2}-.test", AddressPart::domain));
}

TEST(Pattern, ItsLongestValueIsNotTooLong) {
  const std::string label(62, 'a');
  EXPECT_TRUE(parse(label + "{1-9}.test", AddressPart::domain));
  EXPECT_FALSE(parse(label + "{1-10}.test", AddressPart::domain));
  EXPECT_TRUE(parse(std::string(kLongestAddress - 1, 'a') + "{1-9}"));
  EXPECT_FALSE(parse(std::string(kLongestAddress - 1, 'a') + "{1-10}"));
}

TEST(Pattern, TheReasonNamesWhatIsWrong) {
  EXPECT_EQ(why_not("u{1-2"), "'u{1-2' has a brace without the other");
  EXPECT_EQ(why_not("u{1-x}"), "'{1-x}' is no range, as {1-5000}, of numbers of 18 digits at most");
  EXPECT_EQ(why_not("u{5-1}"), "'{5-1}' ends below where it begins");
  EXPECT_EQ(why_not("u{1-05}"),
            "'{1-05}' has zeros in front of its end, which is not as long as its beginning");
  EXPECT_EQ(why_not("u{1-5}@", AddressPart::mailbox), "'u5@' is no address");
  EXPECT_EQ(why_not("mid{1-5}..test", AddressPart::domain), "'mid5..test' is no domain");
  EXPECT_EQ(why_not("u {1-5}"), "'u 5' is no local part");
}

}  // namespace
}  // namespace millrace::mail
