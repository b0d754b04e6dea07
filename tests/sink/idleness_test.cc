#include "sink/idleness.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart = Clock::now();

TEST(Idleness, BeginsWithTheEndOfTheFirstSession) {
  Idleness idleness(5s);
  EXPECT_EQ(idleness.lasts_until(kStart + 1h), kStart + 1h + 5s);
  idleness.session_begun();
  EXPECT_EQ(idleness.lasts_until(kStart + 2h), kStart + 2h + 5s);
  idleness.session_ended(kStart + 2h);
  EXPECT_EQ(idleness.lasts_until(kStart + 2h + 1s), kStart + 2h + 5s);
  EXPECT_EQ(idleness.lasts_until(kStart + 2h + 5s - 1ns), kStart + 2h + 5s);
  EXPECT_EQ(idleness.lasts_until(kStart + 2h + 5s), std::nullopt);
}

TEST(Idleness, IsNotWhileAnySessionIsOpen) {
  Idleness idleness(5s);
  idleness.session_begun();
  idleness.session_begun();
  idleness.session_ended(kStart);
  EXPECT_EQ(idleness.lasts_until(kStart + 1min), kStart + 1min + 5s);
  idleness.session_ended(kStart + 2min);
  EXPECT_EQ(idleness.lasts_until(kStart + 2min), kStart + 2min + 5s);
}

TEST(Idleness, DoesNotCountThoseWhoSayNothing) {
  Idleness idleness(5s);
  idleness.session_begun();
  idleness.silent_session_ended();
  EXPECT_EQ(idleness.lasts_until(kStart + 1h), kStart + 1h + 5s);
  idleness.session_begun();
  idleness.session_ended(kStart);
  idleness.session_begun();
  EXPECT_EQ(idleness.lasts_until(kStart + 4s), kStart + 9s);
  idleness.silent_session_ended();
  EXPECT_EQ(idleness.lasts_until(kStart + 4s), kStart + 5s);
}

TEST(Idleness, BeginsAnewBehindEachSession) {
  Idleness idleness(5s);
  for (const TimePoint end : {kStart, kStart + 4s}) {
    idleness.session_begun();
    idleness.session_ended(end);
  }
  EXPECT_EQ(idleness.lasts_until(kStart + 5s), kStart + 9s);
  EXPECT_EQ(idleness.lasts_until(kStart + 9s), std::nullopt);
}

}  // namespace
}  // namespace millrace::sink
