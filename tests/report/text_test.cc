#include "report/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "report/writer.h"

namespace millrace::report {
namespace {

TEST(Text, FiguresAreWrittenForPeople) {
  EXPECT_EQ(latency(0), "0 us");
  EXPECT_EQ(latency(999), "999 us");
  EXPECT_EQ(latency(1'234), "1.23 ms");
  EXPECT_EQ(latency(12'345), "12.3 ms");
  EXPECT_EQ(latency(999'499), "999 ms");
  EXPECT_EQ(latency(1'500'000), "1.50 s");
  EXPECT_EQ(latency(3'600'000'000.0), "3600 s");
  EXPECT_EQ(count(0), "0");
  EXPECT_EQ(count(999), "999");
  EXPECT_EQ(count(1'234'567), "1,234,567");
  EXPECT_EQ(bytes(999), "999 B");
  EXPECT_EQ(bytes(12'345'678), "12.3 MB");
  EXPECT_EQ(rate(99.96), "100.0/s");
  EXPECT_EQ(rate(54'321), "54,321/s");
  EXPECT_EQ(percent(0), "0%");
  EXPECT_EQ(percent(0.00012), "0.012%");
  EXPECT_EQ(percent(0.5), "50.0%");
  EXPECT_EQ(span(90), "90.0 s");
  EXPECT_EQ(span(125), "2 min 5 s");
  EXPECT_EQ(span(7'380), "2 h 3 min");
}

TEST(Text, NeverWritesWiderThanItsColumns) {
  for (double value = 0; value < 3.6e9; value = value * 1.01 + 0.3) {
    EXPECT_LE(latency(value).size(), 7U) << value;
  }
}

TEST(Text, BarsAndSparklines) {
  const Style plain;
  EXPECT_EQ(plain.bar(0, 10).text, "");
  EXPECT_EQ(plain.bar(0.001, 10).text, "#");
  EXPECT_EQ(plain.bar(1, 10).text, "##########");
  EXPECT_EQ(plain.sparkline({0, 5, 10}).text, "_=#");
  EXPECT_EQ(plain.sparkline({}).text, "");
  const Style fine{.unicode = true};
  EXPECT_EQ(fine.bar(0.55, 10).text, "█████▌");
  EXPECT_EQ(fine.sparkline({0, 10}).text, "▁█");
  EXPECT_EQ(plain.red("x").text, "x");
  EXPECT_EQ(Style{.colour = true}.red("x").text, "\x1b[31mx\x1b[0m");
}

TEST(Text, WhatOthersSaidIsPrintableHoweverItIsWritten) {
  const Style style{.colour = true};
  const std::string hostile = "\x1b[2J\n\u009b";
  Writer out(style);
  out.line("{} {:<5}|{}", hostile, std::string_view("\x07"), hostile.c_str());
  out.line("{}", style.red(hostile));
  out.line("{} {:.1f}", 12, 0.25);
  out.heading(hostile);
  const std::string text = out.take();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\x1b'), 4);  // red and bold, on and off
  EXPECT_EQ(std::count(text.begin(), text.end(), '\x07'), 0);
  EXPECT_EQ(text.find("\u009b"), std::string::npos);
  EXPECT_NE(text.find("\n12 0.2\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace millrace::report
