#include "base/calendar.h"

#include <gtest/gtest.h>

#include <chrono>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

constexpr system_clock::time_point kMoment{1'795'717'800s};

TEST(Calendar, TellsMomentsInUtc) {
  EXPECT_EQ(utc_text(kMoment), "2026-11-26T18:30:00Z");
  EXPECT_EQ(utc_text(kMoment + 250ms), "2026-11-26T18:30:00.250000Z");
  EXPECT_EQ(utc_text(kMoment + 1us), "2026-11-26T18:30:00.000001Z");
  EXPECT_EQ(utc_text({}), "1970-01-01T00:00:00Z");
}

TEST(Calendar, ReadsMomentsInUtc) {
  EXPECT_EQ(utc_time("2026-11-26T18:30:00Z"), kMoment);
  EXPECT_EQ(utc_time("2026-11-26T18:30:00.25Z"), kMoment + 250ms);
  EXPECT_EQ(utc_time("2026-11-26T18:30:00.000001000Z"), kMoment + 1us);
  EXPECT_EQ(utc_time("2024-02-29T00:00:00Z"), system_clock::time_point(1'709'164'800s));
  for (const char* const text :
       {"", "Z", "2026-11-26T18:30:00", "2026-11-26T18:30:00+01:00", "2026-11-26 18:30:00Z",
        "2026-11-26T18:30Z", "2026-02-29T00:00:00Z", "2026-11-26T24:00:00Z", "2026-11-26T18:30:60Z",
        "2026-11-26T18:30:00.Z", "2026-11-26T18:30:00.xZ", "2026-11-26T18:30:00,5Z",
        "2026-11-26T18:30:00ZZ", "2026-11-26T18:30: 0Z", "2026-1-26T18:30:000Z",
        " 2026-11-26T18:30:00Z"}) {
    EXPECT_FALSE(utc_time(text)) << text;
  }
  // As far as the clock's nanoseconds go.
  EXPECT_TRUE(utc_time("2262-04-11T23:47:15.9Z"));
  EXPECT_FALSE(utc_time("2262-04-11T23:47:16Z"));
  EXPECT_FALSE(utc_time("2300-01-01T00:00:00Z"));
  EXPECT_FALSE(utc_time("9999-12-31T23:59:59Z"));
  EXPECT_TRUE(utc_time("1677-09-21T00:12:45Z"));
  EXPECT_FALSE(utc_time("1677-09-21T00:12:43Z"));
}

}  // namespace
}  // namespace millrace
