#include "report/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/printable.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using metrics::Error;

metrics::Glance glance_of(std::uint64_t number) {
  metrics::Glance glance{.elapsed = std::chrono::seconds(number + 1),
                         .length = 40s,
                         .asked = 500,
                         .stage = "hold 500/s 40s"};
  metrics::Second second{.number = number, .sessions_open = 7, .in_flight = 3};
  second.counters.delivered = 400 + number;
  second.intended.record(1ms);
  second.intended.record(9ms);
  glance.second = second;
  return glance;
}

TEST(LiveView, ShowsTheRunOnFiveLinesThatFit) {
  for (const bool unicode : {false, true}) {
    LiveView view({.unicode = unicode});
    for (std::uint64_t second = 0; second < 40; ++second) view.take(*glance_of(second).second);
    metrics::Second failing = *glance_of(40).second;
    failing.errors[static_cast<std::size_t>(Error::rejected)] = 12;
    failing.latest_error = "recipient rejected: 450 4.2.1 " + std::string(200, 'x') + "\x1b[31m";
    view.take(failing);
    const std::string text = view.draw(glance_of(20), 79);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
    EXPECT_NE(text.find("21.0 s of 40.0 s ["), std::string::npos) << text;
    EXPECT_NE(text.find("of 500.0/s asked  3 in flight, 7 sessions"), std::string::npos) << text;
    EXPECT_NE(text.find("p50 1.00 ms  p99 9.01 ms"), std::string::npos) << text;
    EXPECT_NE(text.find("rejected 12  recipient rejected: 450"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const auto columns = std::count_if(line.begin(), line.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
      });
      EXPECT_LE(columns, 79) << line;
    }
  }
}

TEST(LiveView, IsCutBetweenCharacters) {
  LiveView view({.unicode = true});
  for (std::uint64_t second = 0; second < 40; ++second) view.take(*glance_of(second).second);
  for (std::size_t columns = 20; columns < 60; ++columns) {
    std::istringstream lines(view.draw(glance_of(20), columns));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_EQ(line, printable(line, Charset::utf8)) << columns;
    }
  }
}

TEST(ProgressLines, SumUpTenSeconds) {
  ProgressLines lines;
  for (std::uint64_t second = 0; second < 10; ++second) lines.take(*glance_of(second).second);
  EXPECT_EQ(lines.line(glance_of(9)),
            "10.0 s: 404.5/s of 500.0/s asked, p50 1.00 ms, p99 9.01 ms, max 9.01 ms, "
            "3 in flight, 0 errors");
}

}  // namespace
}  // namespace millrace::report
