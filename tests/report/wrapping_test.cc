#include "report/wrapping.h"

#include <gtest/gtest.h>

namespace millrace::report {
namespace {

using Lines = std::vector<std::string>;

TEST(Wrapping, BreaksBehindCommasAndSemicolons) {
  EXPECT_EQ(wrapped("one, two, three; four", 11), (Lines{"one, two,", "three; four"}));
  EXPECT_EQ(wrapped("one, two, three; four", 10), (Lines{"one, two,", "three;", "four"}));
  EXPECT_EQ(wrapped("one, two, three; four", 21), (Lines{"one, two, three; four"}));
  EXPECT_EQ(wrapped("1,000 a, 2 b", 8), (Lines{"1,000 a,", "2 b"}));
}

TEST(Wrapping, LeavesElementsWhole) {
  EXPECT_EQ(wrapped("a, abcdefghijkl mnop, b", 8), (Lines{"a,", "abcdefghijkl mnop,", "b"}));
  EXPECT_EQ(wrapped("", 8), (Lines{""}));
  EXPECT_EQ(wrapped("a, ", 8), (Lines{"a, "}));
}

// An escape takes four columns where the byte takes one.
TEST(Wrapping, CountsColumnsAsTheyAreShown) {
  EXPECT_EQ(wrapped("a\x01, b\x01", 11), (Lines{"a\x01,", "b\x01"}));
  EXPECT_EQ(wrapped("a\x01, b\x01", 12), (Lines{"a\x01, b\x01"}));
}

}  // namespace
}  // namespace millrace::report
