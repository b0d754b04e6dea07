// A rank but the first, for which rank 0 and its letters are made up.
#include "fleet/follower.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "fleet/second_text.h"

namespace millrace::fleet {
namespace {

using namespace std::chrono_literals;
using Letters = std::vector<Letter>;

class FollowerTest : public testing::Test {
 protected:
  [[nodiscard]] Moment moment() const {
    return {.here = now, .wall = 1'000s + std::chrono::duration_cast<Microseconds>(now - began)};
  }
  void take(Subject subject, std::string text = {}) {
    follower.take({.subject = subject, .text = std::move(text)}, moment());
  }
  void pass(Duration time, bool heard) {
    for (Duration gone{}; gone < time; gone += 100ms) {
      now += 100ms;
      if (heard) take(Subject::alive);
      follower.turn(moment());
    }
  }
  Letters sent() {
    Letters letters = follower.letters();
    std::erase_if(letters, [](const auto& one) { return one.subject == Subject::alive; });
    return letters;
  }

  const TimePoint began{};
  TimePoint now{};
  Follower follower{began};
};

TEST_F(FollowerTest, BeginsAsItIsTold) {
  EXPECT_FALSE(follower.is_opened());
  take(Subject::piece, "se");
  take(Subject::piece, "ed");
  EXPECT_FALSE(follower.is_opened());
  take(Subject::opening, " 7");
  EXPECT_TRUE(follower.is_opened());
  EXPECT_EQ(follower.take_opening(), "seed 7");
  follower.ready({.host = "host1", .load = "abc"});
  EXPECT_EQ(sent(), (Letters{{Subject::ready, "abc host1"}}));
  EXPECT_EQ(follower.start(), std::nullopt);
  take(Subject::start, "123456789");
  EXPECT_EQ(follower.start(), 123'456'789us);
}

TEST_F(FollowerTest, AnswersByItsOwnClock) {
  now += 5ms;
  take(Subject::ping, "77");
  EXPECT_EQ(sent(), (Letters{{Subject::pong, "77 1000005000"}}));
}

TEST_F(FollowerTest, EndsAsItIsToldAndNeverLess) {
  take(Subject::end, "1");
  EXPECT_EQ(follower.end(), 1U);
  take(Subject::end, "2");
  take(Subject::end, "1");
  EXPECT_EQ(follower.end(), 2U);
  take(Subject::end, "4294967293");
  EXPECT_EQ(follower.end(), 2U) << "there is no more than that";
}

TEST_F(FollowerTest, HandsInHowItEndedAndWhatItMeasured) {
  follower.say("warning: x");
  follower.hand_in(1, "{}");
  EXPECT_EQ(sent(), (Letters{{Subject::said, "warning: x"}, {Subject::result, "1{}"}}));
  follower.fail("no such file");
  EXPECT_EQ(sent(), (Letters{{Subject::trouble, "no such file"}}));
}

TEST_F(FollowerTest, MakesOneRunAfterTheOther) {
  EXPECT_FALSE(follower.has_next());
  for (const char* const run : {"100/s", "200/s"}) {
    take(Subject::next, run);
    EXPECT_TRUE(follower.has_next());
    EXPECT_EQ(follower.take_next(), run);
    EXPECT_FALSE(follower.has_next());
    EXPECT_EQ(follower.start(), std::nullopt) << "that was of the one before";
    take(Subject::start, "123456789");
    EXPECT_EQ(follower.start(), 123'456'789us);
    follower.hand_in(0, run);
    EXPECT_EQ(sent(), (Letters{{Subject::result, std::string("0") + run}}));
  }
}

TEST_F(FollowerTest, SaysThatItIsThereWhenNoOtherRunIsToCome) {
  take(Subject::next);
  EXPECT_FALSE(follower.has_next());
  EXPECT_EQ(sent(), (Letters{{Subject::result, "0"}}));
}

TEST_F(FollowerTest, TellsOfASecond) {
  const metrics::Second second{.number = 3};
  follower.tell(second);
  EXPECT_EQ(sent(), (Letters{{Subject::second, to_text(second)}}));
}

TEST_F(FollowerTest, IsToldWhenAllIsReported) {
  EXPECT_EQ(follower.over(), std::nullopt);
  EXPECT_EQ(follower.end(), 0U);
  take(Subject::over, "0");
  EXPECT_EQ(follower.over(), false);
  EXPECT_EQ(follower.end(), 2U) << "nobody waits for what it still does";
  take(Subject::over, "1");
  EXPECT_EQ(follower.over(), true);
}

TEST_F(FollowerTest, EndsAtOnceWhereRank0IsGone) {
  take(Subject::gone);
  EXPECT_TRUE(follower.is_lost());
  pass(100ms, false);
  EXPECT_EQ(follower.end(), 1U);
  pass(1'500ms, false);
  EXPECT_EQ(follower.end(), 2U);
}

TEST_F(FollowerTest, EndsByItselfWhereRank0IsSilent) {
  pass(1h, true);
  EXPECT_FALSE(follower.is_lost());
  EXPECT_EQ(follower.end(), 0U);
  const TimePoint last = now;
  pass(4'900ms, false);
  EXPECT_FALSE(follower.is_lost());
  pass(100ms, false);
  EXPECT_TRUE(follower.is_lost());
  EXPECT_EQ(follower.end(), 1U);
  pass(1'500ms, true);
  EXPECT_EQ(follower.end(), 2U) << "that it is there again is too late";
  EXPECT_LE(now - last, 10s);
}

TEST_F(FollowerTest, WaitsForRank0ToBeReachedByAll) {
  pass(kAssembling, false);
  EXPECT_FALSE(follower.is_lost());
  pass(kSilence, false);
  EXPECT_TRUE(follower.is_lost());
}

TEST_F(FollowerTest, SaysThatItIsThere) {
  pass(10s, true);
  EXPECT_EQ(follower.letters().size(), 10s / kBeat);
}

TEST_F(FollowerTest, PassesOverWhatMakesNoSense) {
  for (const Subject subject : {Subject::start, Subject::end}) take(subject, "soon");
  for (const Subject subject : {Subject::ready, Subject::said, Subject::result}) take(subject);
  EXPECT_EQ(follower.start(), std::nullopt);
  EXPECT_EQ(follower.end(), 0U);
  EXPECT_EQ(sent(), Letters{});
}

}  // namespace
}  // namespace millrace::fleet
