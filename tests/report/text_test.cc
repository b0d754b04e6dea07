#include "report/text.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/printable.h"
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

TEST(Text, FiguresAreRoundedIntoTheNextUnit) {
  EXPECT_EQ(latency(999.4), "999 us");
  EXPECT_EQ(latency(999.5), "1.00 ms");
  EXPECT_EQ(latency(9'994), "9.99 ms");
  EXPECT_EQ(latency(9'995), "10.0 ms");
  EXPECT_EQ(latency(99'940), "99.9 ms");
  EXPECT_EQ(latency(99'950), "100 ms");
  EXPECT_EQ(latency(999'500), "1.00 s");
  EXPECT_EQ(count(1'000), "1,000");
  EXPECT_EQ(bytes(999.4), "999 B");
  EXPECT_EQ(bytes(999.5), "1.00 kB");
  EXPECT_EQ(bytes(999'500), "1.00 MB");
  EXPECT_EQ(bytes(1e15), "1000 TB");
  EXPECT_EQ(rate(9'999.4), "9999.4/s");
  EXPECT_EQ(rate(9'999.5), "10,000/s");
  EXPECT_EQ(percent(0.0000099), "<0.001%");
  EXPECT_EQ(percent(0.00001), "0.001%");
  EXPECT_EQ(percent(0.0000101), "0.001%");
  EXPECT_EQ(percent(0.000994), "0.099%");
  EXPECT_EQ(percent(0.000996), "0.10%");
  EXPECT_EQ(percent(0.0994), "9.94%");
  EXPECT_EQ(percent(0.0996), "10.0%");
  EXPECT_EQ(span(119.9), "119.9 s");
  EXPECT_EQ(span(119.95), "2 min 0 s");
  EXPECT_EQ(span(3'599.4), "59 min 59 s");
  EXPECT_EQ(span(3'599.5), "1 h 0 min");
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
  EXPECT_EQ(plain.bar(0.26, 10).text, "###");
  EXPECT_EQ(plain.bar(1.5, 10).text, "##########");
  EXPECT_EQ(plain.sparkline({0, 5, 10}).text, "_=#");
  EXPECT_EQ(plain.sparkline({-5, 0, 10}).text, "__#");
  EXPECT_EQ(plain.sparkline({0, 0}).text, "__");
  EXPECT_EQ(plain.sparkline({}).text, "");
  const Style fine{.unicode = true};
  EXPECT_EQ(fine.bar(0, 10).text, "");
  EXPECT_EQ(fine.bar(0.001, 10).text, "▏");
  EXPECT_EQ(fine.bar(0.55, 10).text, "█████▌");
  EXPECT_EQ(fine.bar(1, 3).text, "███");
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

TEST(Text, ColourAndBlocksAreForTerminals) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  const bool utf8 = charset_of_locale() == Charset::utf8;
  const std::optional<std::string> before =
      getenv("NO_COLOR") != nullptr ? std::optional<std::string>(getenv("NO_COLOR")) : std::nullopt;
  unsetenv("NO_COLOR");
  EXPECT_TRUE(Style::of(terminal).colour);
  EXPECT_EQ(Style::of(terminal).unicode, utf8);
  setenv("NO_COLOR", "", 1);  // as if it were not there: https://no-color.org
  EXPECT_TRUE(Style::of(terminal).colour);
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(Style::of(terminal).colour);
  EXPECT_EQ(Style::of(terminal).unicode, utf8);
  unsetenv("NO_COLOR");
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  EXPECT_FALSE(Style::of(ends[1]).colour || Style::of(ends[1]).unicode);
  for (const int end : {terminal, ends[0], ends[1]}) close(end);
  if (before) setenv("NO_COLOR", before->c_str(), 1);
}

}  // namespace
}  // namespace millrace::report
