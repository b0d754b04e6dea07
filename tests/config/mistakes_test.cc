#include "config/mistakes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::config {
namespace {

using Lines = std::vector<std::string>;

TEST(Mistakes, AreToldInTheOrderOfTheFile) {
  Mistakes mistakes("file");
  mistakes.add({.line = 2, .column = 1}, "third", "something");
  mistakes.add({.line = 1, .column = 9}, "second");
  mistakes.add({.line = 1, .column = 2}, "first");
  mistakes.add({.line = 2, .column = 1}, "fourth");
  EXPECT_EQ(mistakes.size(), 4U);
  EXPECT_EQ(mistakes.told(), (Lines{"file:1:2: first", "file:1:9: second",
                                    "file:2:1: third (expected something)", "file:2:1: fourth"}));
}

TEST(Mistakes, WhatTheFileSaysCannotDriveATerminal) {
  Mistakes mistakes("file");
  mistakes.add({}, "bad \x1b[2J\n", "\x07");
  EXPECT_EQ(mistakes.told(), Lines{R"(file:1:1: bad \x1b[2J\n (expected \x07))"});
}

TEST(Mistakes, SoManyAreTold) {
  Mistakes mistakes("file");
  for (std::uint32_t line = 1; line <= Mistakes::kMostTold; ++line)
    mistakes.add({.line = line}, "x");
  EXPECT_EQ(mistakes.told().size(), Mistakes::kMostTold);
  for (std::uint32_t line = 1001; line <= 1007; ++line) mistakes.add({.line = line}, "x");
  const Lines told = mistakes.told();
  ASSERT_EQ(told.size(), Mistakes::kMostTold + 1);
  EXPECT_EQ(told.back(), "file:1001:1: 7 more mistakes");
}

}  // namespace
}  // namespace millrace::config
