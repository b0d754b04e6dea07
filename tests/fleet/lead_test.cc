// Rank 0 of a run whose other ranks, whose clocks and whose letters are made up.
#include "fleet/lead.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fleet/second_text.h"

namespace millrace::fleet {
namespace {

using namespace std::chrono_literals;
using Letters = std::vector<Addressed>;

Addressed letter(unsigned rank, Subject subject, std::string text = {}) {
  return {.rank = rank, .letter = {.subject = subject, .text = std::move(text)}};
}

class LeadTest : public testing::Test {
 protected:
  [[nodiscard]] Moment moment() const {
    return {.here = now, .wall = 1'000s + std::chrono::duration_cast<Microseconds>(now - began)};
  }
  void take(unsigned rank, Subject subject, std::string text = {}) {
    lead.take(letter(rank, subject, std::move(text)), moment());
  }
  // Passes in steps, in which these ranks say that they are there.
  void pass(Duration time, const std::vector<unsigned>& alive = {1, 2}) {
    for (Duration gone{}; gone < time; gone += 100ms) {
      now += 100ms;
      for (const unsigned rank : alive) take(rank, Subject::alive);
      lead.turn(moment());
    }
  }
  // What goes out beside signs of life.
  Letters sent() {
    Letters letters = lead.letters();
    std::erase_if(letters, [](const auto& one) { return one.letter.subject == Subject::alive; });
    return letters;
  }
  // Is ready, and answers what it is asked by a clock that is so far ahead.
  void be_ready(unsigned rank, Microseconds ahead = {}) {
    take(rank, Subject::ready, "host" + std::to_string(rank));
    for (Letters asked = sent(); !asked.empty(); asked = sent()) {
      for (const Addressed& one : asked) {
        ASSERT_EQ(one.letter.subject, Subject::ping);
        now += 20us;
        const Microseconds there = moment().wall - 10us + ahead;
        take(rank, Subject::pong, one.letter.text + " " + std::to_string(there.count()));
      }
    }
  }
  void begin() {
    lead.ready();
    be_ready(1);
    be_ready(2);
    lead.turn(moment());
    ASSERT_EQ(sent().size(), 2U);
  }

  const TimePoint began{};
  TimePoint now{};
  Lead lead{3, began};
};

TEST_F(LeadTest, HandsOutWhatItHasDrawn) {
  EXPECT_FALSE(lead.has_piece(1));
  lead.open("seed 7", std::nullopt);
  for (const unsigned rank : {1U, 2U}) {
    ASSERT_TRUE(lead.has_piece(rank));
    const Piece piece = lead.take_piece(rank);
    EXPECT_EQ(piece.subject, Subject::opening);
    EXPECT_EQ(piece.text, "seed 7");
    EXPECT_FALSE(lead.has_piece(rank));
  }
}

TEST_F(LeadTest, HandsOutWhatIsLargeInPiecesOfOneCopy) {
  std::string opening(2 * kPiece + 1, 'x');
  opening.front() = 'a';
  opening.back() = 'z';
  lead.open(opening, std::nullopt);
  std::weak_ptr<const std::string> only;
  for (const unsigned rank : {2U, 1U}) {
    std::vector<Piece> pieces;
    std::string all;
    while (lead.has_piece(rank)) all += pieces.emplace_back(lead.take_piece(rank)).text;
    EXPECT_EQ(all, opening);
    ASSERT_EQ(pieces.size(), 3U);
    EXPECT_EQ(pieces[0].subject, Subject::piece);
    EXPECT_EQ(pieces[1].subject, Subject::piece);
    EXPECT_EQ(pieces[2].subject, Subject::opening);
    EXPECT_EQ(pieces[0].whole, pieces[2].whole);
    EXPECT_EQ(only.lock(), rank == 2 ? nullptr : pieces[2].whole);
    only = pieces[2].whole;
  }
  EXPECT_TRUE(only.expired()) << "when all have it, it is kept by nobody";
}

TEST_F(LeadTest, BeginsWhenTheLastIsReadyByTheClockOfEach) {
  be_ready(1, 5s);
  be_ready(2, -2s);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), std::nullopt);
  lead.ready();
  lead.turn(moment());
  const Microseconds start = moment().wall + kHeadStart;
  EXPECT_EQ(lead.start(), start);
  EXPECT_EQ(
      sent(),
      (Letters{letter(1, Subject::start, std::to_string((start + Microseconds(5s)).count())),
               letter(2, Subject::start, std::to_string((start - Microseconds(2s)).count()))}));
  lead.turn(moment());
  EXPECT_EQ(sent(), Letters{}) << "once";
}

TEST_F(LeadTest, DoesNotBeginBeforeTheMomentThatItsUserNames) {
  lead.open("", Microseconds(2'000s));
  lead.ready();
  sent();
  be_ready(1);
  be_ready(2);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), Microseconds(2'000s));
}

TEST_F(LeadTest, MeasuresClocksBeforeItBegins) {
  lead.ready();
  be_ready(1);
  take(2, Subject::ready, "host2");
  lead.turn(moment());
  EXPECT_EQ(lead.start(), std::nullopt);
}

TEST_F(LeadTest, HasAllInWhenEachHasSentItsResult) {
  begin();
  take(1, Subject::result, "0all of it");
  EXPECT_FALSE(lead.all_in());
  take(2, Subject::result, "0that too");
  EXPECT_TRUE(lead.all_in());
  EXPECT_EQ(lead.end(), 0U);
  EXPECT_EQ(lead.ranks()[1].result, "all of it");
  EXPECT_EQ(lead.ranks()[1].host, "host1");
  lead.close();
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::over, "1"), letter(2, Subject::over, "1")}));
}

TEST_F(LeadTest, ThatIsInterruptedEndsAllInOrder) {
  begin();
  lead.interrupt(now, std::nullopt);
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::end, "1"), letter(2, Subject::end, "1")}));
  pass(1h, {1, 2});
  EXPECT_EQ(lead.end(), 1U) << "they may take their time";
  EXPECT_EQ(sent(), Letters{});
}

TEST_F(LeadTest, ThatWillBeKilledReportsBefore) {
  begin();
  lead.interrupt(now, 1s);
  pass(300ms);
  EXPECT_EQ(lead.end(), 1U);
  pass(100ms);
  EXPECT_EQ(lead.end(), 2U) << "half of the time is over";
  take(1, Subject::result, "1x");
  pass(300ms);
  EXPECT_FALSE(lead.all_in());
  pass(100ms);
  EXPECT_TRUE(lead.all_in());
  EXPECT_TRUE(lead.ranks()[1].result);
  EXPECT_EQ(lead.ranks()[2].trouble, "was not done when the run had to end");
  EXPECT_FALSE(lead.ranks()[2].result);
}

TEST_F(LeadTest, IsNotKeptWaitingByOneThatIsSilent) {
  begin();
  pass(4'800ms, {1});
  EXPECT_EQ(lead.end(), 0U);
  pass(300ms, {1});
  EXPECT_EQ(lead.end(), 1U);
  EXPECT_EQ(lead.ranks()[2].trouble, "was not heard of for 5 s");
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::end, "1")})) << "who is gone is not told";
  pass(1'500ms, {1});
  EXPECT_EQ(lead.end(), 2U);
  pass(1'500ms, {1});
  EXPECT_TRUE(lead.all_in()) << "who is there, but does not end, is not waited for either";
  EXPECT_FALSE(lead.whole());
  EXPECT_LE(now - began, 10s);
  sent();
  take(2, Subject::result, "0too late");
  EXPECT_FALSE(lead.ranks()[2].result);
}

TEST_F(LeadTest, DoesNotMindSilenceOfOneThatHasSentItsResult) {
  begin();
  take(2, Subject::result, "0x");
  pass(10s, {1});
  EXPECT_EQ(lead.end(), 0U);
  EXPECT_FALSE(lead.whole()) << "but does not wait for it at the end";
}

TEST_F(LeadTest, EndsBeforeItBeganWhereOneIsSilent) {
  be_ready(1);
  lead.ready();
  pass(6s, {1});
  EXPECT_EQ(lead.end(), 1U);
  EXPECT_EQ(lead.ranks()[2].host, std::nullopt);
  sent();
  be_ready(2);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), std::nullopt);
}

TEST_F(LeadTest, EndsTheOthersAsOneHasEnded) {
  begin();
  take(1, Subject::result, "1was interrupted");
  EXPECT_EQ(lead.end(), 1U);
  EXPECT_EQ(sent(), (Letters{letter(2, Subject::end, "1")}));
  take(2, Subject::trouble, "no such file");
  EXPECT_EQ(lead.end(), 2U);
  EXPECT_TRUE(lead.all_in());
  EXPECT_EQ(lead.ranks()[2].trouble, "failed: no such file");
}

TEST_F(LeadTest, EndsTheOthersAsItHasEnded) {
  begin();
  lead.over(0);
  EXPECT_EQ(sent(), Letters{});
  lead.over(2);
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::end, "2"), letter(2, Subject::end, "2")}));
}

TEST_F(LeadTest, HandsOnWhatOthersSay) {
  take(2, Subject::said, "warning: x");
  EXPECT_EQ(lead.said(), (Letters{letter(2, Subject::said, "warning: x")}));
  EXPECT_EQ(lead.said(), Letters{});
}

TEST_F(LeadTest, PutsTogetherWhatAllHaveMeasuredInASecond) {
  const auto second = [](std::uint64_t number, std::uint64_t delivered) {
    metrics::Second one{.number = number};
    one.counters.delivered = delivered;
    return one;
  };
  take(1, Subject::second, to_text(second(0, 1)));
  EXPECT_FALSE(lead.seconds_of_all(second(0, 10)));
  take(2, Subject::second, to_text(second(0, 100)));
  take(2, Subject::second, "no second");
  const auto sum = lead.seconds_of_all(second(1, 1'000));
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->counters.delivered, 111U);
}

TEST_F(LeadTest, SaysThatItIsThere) {
  std::size_t beats = 0;
  for (int i = 0; i < 20; ++i) {
    pass(100ms);
    beats += lead.letters().size();
  }
  EXPECT_EQ(beats, 2 * 2s / kBeat);
}

TEST_F(LeadTest, PassesOverWhatMakesNoSense) {
  for (const unsigned rank : {0U, 3U}) take(rank, Subject::result, "0x");
  take(1, Subject::result);
  take(1, Subject::pong);
  take(1, Subject::pong, "x y");
  take(1, Subject::pong, " ");
  take(1, Subject::over, "1");
  EXPECT_FALSE(lead.all_in());
  EXPECT_EQ(lead.ranks()[1].clock.offset(), std::nullopt);
}

}  // namespace
}  // namespace millrace::fleet
