#include "sink/rules/glob.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "glob_model.h"

namespace millrace::sink::rules {
namespace {

bool matches(std::string_view glob, std::string_view text) {
  std::string why;
  const auto compiled = Glob::parse(glob, why);
  EXPECT_TRUE(compiled) << glob << ": " << why;
  return compiled && compiled->matches(text);
}

std::string refused(std::string_view glob) {
  std::string why;
  EXPECT_FALSE(Glob::parse(glob, why)) << glob;
  return why;
}

TEST(Glob, TextsWithoutStarsMatchThemselvesInAnyCase) {
  EXPECT_TRUE(matches("Ann@Big.test", "ann@bIG.TEST"));
  EXPECT_FALSE(matches("ann@big.test", "ann@big.tests"));
  EXPECT_FALSE(matches("ann@big.test", "ann@big.tes"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("@", "`"));  // only letters have a case
  EXPECT_FALSE(matches("k", "\xe2\x84\xaa")) << "the sign for kelvin";
}

TEST(Glob, AStarIsAnyText) {
  EXPECT_TRUE(matches("*@big.test", "ann@BIG.test"));
  EXPECT_TRUE(matches("*@big.test", "@big.test"));
  EXPECT_FALSE(matches("*@big.test", "big.test"));
  EXPECT_TRUE(matches("bulk@*", "bulk@"));
  EXPECT_FALSE(matches("bulk@*", "ulk@"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("**", "anything"));
  EXPECT_TRUE(matches("a*b*c", "abc"));
  EXPECT_TRUE(matches("a*b*c", "axxbxxbxxc"));
  EXPECT_FALSE(matches("a*b*c", "axxc"));
  EXPECT_TRUE(matches("Subject: *spam*", "subject: buy SPAM now"));
  EXPECT_TRUE(matches(std::string_view("*\0*", 3), std::string_view("a\0b", 3)));
}

TEST(Glob, SetsAndQuestionMarksAreOneByte) {
  EXPECT_TRUE(matches("user[0-9]@?", "USER7@x"));
  EXPECT_FALSE(matches("user[0-9]@?", "userx@x"));
  EXPECT_FALSE(matches("user[0-9]@?", "user7@"));
  EXPECT_TRUE(matches("[!a-c]", "d"));
  EXPECT_FALSE(matches("[!a-c]", "B"));
  EXPECT_TRUE(matches("[]x]", "]"));
  EXPECT_TRUE(matches("[x-]", "-"));
  EXPECT_TRUE(matches("[\\]\\-a]*", "-]"));
  EXPECT_TRUE(matches("*@\\[192.0.2.1\\]", "a@[192.0.2.1]"));
  EXPECT_TRUE(matches("\\*\\?", "*?"));
}

TEST(Glob, WhatIsNoneIsToldWhy) {
  EXPECT_EQ(refused("a\\"), "nothing stands behind its last \\");
  EXPECT_EQ(refused("[ab"), "a [ has no ], and \\[ stands for itself");
  EXPECT_EQ(refused("[]"), "a [ has no ], and \\[ stands for itself");
  EXPECT_EQ(refused("[z-a]"), "a range ends before it begins");
  EXPECT_EQ(refused("[\xc3\xa4]"), "a set has characters of ASCII only");
  EXPECT_EQ(refused("[\x80]"), "a set has characters of ASCII only");
  EXPECT_EQ(refused(std::string(1025, 'a')), "it is longer than 1 KiB");
}

// Automata of several words: the characters around the ends of a word are the risk.
TEST(Glob, LongOnesAreExact) {
  for (const std::size_t length : {62U, 63U, 64U, 65U, 127U, 128U, 129U, 1022U}) {
    const std::string a(length, 'a');
    EXPECT_TRUE(matches("?" + a + "*", "x" + a)) << length;
    EXPECT_FALSE(matches("?" + a + "*", a)) << length;
    EXPECT_TRUE(matches("*" + a + "?", "bb" + a + "x")) << length;
    EXPECT_FALSE(matches("*" + a + "?", "b" + a + "xx")) << length;
  }
}

// Where backtracking would take as many steps as the product of the two, many times over.
TEST(Glob, StarsDoNotMultiply) {
  std::string glob;
  for (int star = 0; star < 100; ++star) glob += "*aaaa?";
  EXPECT_FALSE(matches(glob + "b", std::string(65'536, 'a')));
}

TEST(Glob, IsWhatTheModelSays) {
  constexpr std::string_view kGlob = "aB*?[]!-\\*.^";
  constexpr std::string_view kText = "abAB.]-!";
  std::mt19937 random(10);
  const auto some = [&](std::string_view of, std::size_t most) {
    std::string text(std::uniform_int_distribution<std::size_t>(0, most)(random), ' ');
    for (char& byte : text) {
      byte = of[std::uniform_int_distribution<std::size_t>(0, of.size() - 1)(random)];
    }
    return text;
  };
  int matched = 0;
  for (int round = 0; round < 50'000; ++round) {
    const std::string glob = some(kGlob, 8);
    const std::string text = some(kText, 8);
    std::string why;
    const auto compiled = Glob::parse(glob, why);
    if (!compiled) continue;
    ASSERT_EQ(compiled->matches(text), tests::glob_model::matches(glob, text))
        << glob << " " << text;
    matched += compiled->matches(text) ? 1 : 0;
  }
  EXPECT_GT(matched, 1000);
}

}  // namespace
}  // namespace millrace::sink::rules
