#include "sink/rules/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::sink::rules {
namespace {

Pattern pattern(std::string_view text) {
  std::string why;
  auto parsed = Pattern::parse(text, why);
  EXPECT_TRUE(parsed) << text << ": " << why;
  return std::move(*parsed);
}

std::string refused(std::string_view text) {
  std::string why;
  EXPECT_FALSE(Pattern::parse(text, why)) << text;
  return why;
}

Patterns patterns(std::initializer_list<std::string_view> any,
                  std::initializer_list<std::string_view> none = {}) {
  Patterns all;
  for (const std::string_view text : any) all.add(pattern(text), false);
  for (const std::string_view text : none) all.add(pattern(text), true);
  return all;
}

TEST(Pattern, ARegexMatchesAnywhereInAnyCase) {
  EXPECT_TRUE(pattern("/user[0-9]+/").matches("x USER12 y"));
  EXPECT_FALSE(pattern("/^user[0-9]+$/").matches("x user12"));
  EXPECT_TRUE(pattern("/a/b/").matches("A/B"));
  EXPECT_TRUE(pattern("\\/a*").matches("/abc"));
}

TEST(Pattern, GroupsAreThoseOfARegexTheWholeFirst) {
  Groups groups{"old"};
  const Pattern regex = pattern("/^([245]\\d\\d)-(\\d\\.\\d\\.\\d)(x)?@/");
  EXPECT_EQ(regex.groups(), 3U);
  const std::string text = "450-4.7.1@by.test";
  EXPECT_FALSE(regex.matches("hello", &groups));
  EXPECT_EQ(groups, Groups{"old"}) << "only what matches sets them";
  ASSERT_TRUE(regex.matches(text, &groups));
  EXPECT_EQ(groups, (Groups{"450-4.7.1@", "450", "4.7.1", ""}));
  EXPECT_EQ(groups[1].data(), text.data()) << "views into the text";
  ASSERT_TRUE(pattern("*").matches(text, &groups));
  EXPECT_TRUE(groups.empty());
  EXPECT_EQ(pattern("/(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)/").groups(), kMostGroups);
  ASSERT_TRUE(pattern("/(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)/").matches("aaaaaaaaaaa", &groups));
  EXPECT_EQ(groups.size(), kMostGroups + 1);
}

TEST(Pattern, WhatIsNoneIsToldWhy) {
  EXPECT_EQ(refused("/"), "a /regex/ ends with a slash, and a glob that begins with one has \\/");
  EXPECT_EQ(refused("//"), refused("/"));
  EXPECT_EQ(refused("/a"), refused("/"));
  EXPECT_EQ(refused("/(a/"), "missing ): (a");
  EXPECT_EQ(refused("/" + std::string(1023, 'a') + "/"), "it is longer than 1 KiB");
  EXPECT_FALSE(refused("/((a{100}){100}){100}/").empty());
  EXPECT_FALSE(refused("/(\\pL{500}){2}/").empty()) << "a program of more than RE2 may take";
}

// No pattern of RE2 takes more than linear time: this one takes an engine that tries one way after
// the other for ever.
TEST(Pattern, ARegexIsLinear) {
  EXPECT_FALSE(pattern("/^(a*)*(a*)*(a*)*b$/").matches(std::string(65'536, 'a')));
}

TEST(Patterns, OneOfThoseGivenAndNoneOfThoseNegated) {
  const Patterns both = patterns({"*@a.test", "*@b.test"}, {"x@*"});
  EXPECT_TRUE(both.matches("y@a.test"));
  EXPECT_TRUE(both.matches("y@b.test"));
  EXPECT_FALSE(both.matches("x@b.test"));
  EXPECT_FALSE(both.matches("y@c.test"));
  EXPECT_TRUE(patterns({}, {"x@*"}).matches("y@c.test"));
  EXPECT_FALSE(patterns({}, {"x@*", "y@*"}).matches("y@c.test"));
  EXPECT_TRUE(Patterns().matches(""));
}

TEST(Patterns, GroupsAreThoseOfTheFirstThatMatches) {
  const Patterns two = patterns({"/^a-(.)/", "/^b-(.)(.)/"}, {"/(no)/"});
  EXPECT_EQ(two.groups(), 1U) << "as many as each has";
  Groups groups;
  ASSERT_TRUE(two.matches("b-xy", &groups));
  EXPECT_EQ(groups, (Groups{"b-xy", "x", "y"}));
  EXPECT_EQ(patterns({"/(a)/", "a*"}).groups(), 0U);
  EXPECT_EQ(patterns({}, {"/(a)/"}).groups(), 0U);
  ASSERT_TRUE(patterns({}, {"/(a)/"}).matches("b", &groups));
  EXPECT_TRUE(groups.empty());
}

}  // namespace
}  // namespace millrace::sink::rules
