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
using namespace std::string_literals;
using Letters = std::vector<Addressed>;

constexpr const char* kLoad = "abc";

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
    take(rank, Subject::ready, kLoad + " host"s + std::to_string(rank));
    answer(ahead);
  }
  // All who are asked answer so.
  void answer(Microseconds ahead = {}) {
    for (Letters asked = sent(); !asked.empty(); asked = sent()) {
      for (const Addressed& one : asked) {
        ASSERT_EQ(one.letter.subject, Subject::ping);
        now += 20us;
        const Microseconds there = moment().wall - 10us + ahead;
        take(one.rank, Subject::pong, one.letter.text + " " + std::to_string(there.count()));
      }
    }
  }
  void begin() {
    lead.ready(kLoad);
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
  lead.ready(kLoad);
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

TEST_F(LeadTest, TellsNowAndThenWhoIsWaitedFor) {
  pass(20s);
  EXPECT_EQ(lead.said(), Letters{}) << "this rank could not begin itself";
  lead.ready(kLoad);
  pass(9s);
  EXPECT_EQ(lead.said(), Letters{});
  pass(2s);
  EXPECT_EQ(lead.said(), (Letters{letter(0, Subject::said, "waits for ranks 1, 2 to be ready")}));
  be_ready(2);
  pass(10s);
  EXPECT_EQ(lead.said(), (Letters{letter(0, Subject::said, "waits for rank 1 to be ready")}));
  be_ready(1);
  lead.turn(moment());
  answer();
  lead.turn(moment());
  ASSERT_TRUE(lead.start());
  pass(30s);
  EXPECT_EQ(lead.said(), Letters{}) << "all pour";
  lead.over(0);
  take(1, Subject::result, "0mine");
  pass(11s);
  EXPECT_EQ(lead.said(), (Letters{letter(0, Subject::said, "waits for rank 2 to end")}));
}

TEST_F(LeadTest, HasWaitedForNobodyAtItsBeginning) {
  now += 20s;  // the clock is older than the run
  Lead other(3, now);
  other.ready(kLoad);
  other.turn(moment());
  EXPECT_EQ(other.said(), Letters{});
}

TEST_F(LeadTest, NamesAFewOfManyWhoAreWaitedFor) {
  Lead many(8, now);
  many.ready(kLoad);
  many.turn(moment());
  now += 4s;
  for (unsigned rank = 1; rank < 8; ++rank) many.take(letter(rank, Subject::alive), moment());
  now += 4s;
  for (unsigned rank = 1; rank < 8; ++rank) many.take(letter(rank, Subject::alive), moment());
  now += 3s;
  many.turn(moment());
  EXPECT_EQ(many.said().front().letter.text,
            "waits for ranks 1, 2, 3, 4, 5 and 2 others to be ready");
}

TEST_F(LeadTest, DoesNotBeginWithOneThatHasAnotherLoad) {
  lead.ready(kLoad);
  be_ready(1);
  take(2, Subject::ready, "other host2");
  lead.turn(moment());
  EXPECT_EQ(lead.start(), std::nullopt);
  EXPECT_EQ(lead.end(), 2U);
  EXPECT_EQ(lead.ranks()[1].trouble, "");
  EXPECT_EQ(lead.ranks()[2].trouble,
            "is of another version, or has other options or files, than rank 0");
}

TEST_F(LeadTest, DoesNotBeginBeforeTheMomentThatItsUserNames) {
  lead.open("", Microseconds(1'005s));
  lead.ready(kLoad);
  sent();
  be_ready(1);
  be_ready(2);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), Microseconds(1'005s));
}

TEST_F(LeadTest, ComparesClocksAnewBeforeAStartThatIsFarOff) {
  lead.open("", Microseconds(2'000s));
  lead.ready(kLoad);
  sent();
  be_ready(1, 5s);
  be_ready(2);
  pass(989s);
  EXPECT_EQ(lead.start(), std::nullopt);
  EXPECT_EQ(sent(), Letters{});
  pass(2s);
  EXPECT_EQ(lead.start(), std::nullopt);
  answer(7s);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), Microseconds(2'000s));
  EXPECT_NEAR(static_cast<double>(lead.ranks()[1].clock.offset()->ahead.count()), 7e6, 100);
  EXPECT_NEAR(std::stod(sent().front().letter.text), 2'007e6, 100);
}

TEST_F(LeadTest, ComparesClocksAnewWhereOneWasReadyLongBefore) {
  lead.ready(kLoad);
  be_ready(1, 5s);
  pass(11s);
  be_ready(2);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), std::nullopt);
  answer(6s);
  lead.turn(moment());
  EXPECT_TRUE(lead.start());
  EXPECT_EQ(lead.ranks()[1].clock.offset()->ahead, Microseconds(6s));
  EXPECT_EQ(lead.ranks()[2].clock.offset()->ahead, Microseconds(0s));
}

TEST_F(LeadTest, ComparesAClockThatIsFarAwayOnce) {
  lead.ready(kLoad);
  take(1, Subject::ready, kLoad + " host1"s);
  for (unsigned trip = 0; trip < OffsetMeter::kTrips; ++trip) {
    pass(600ms);
    const Letters asked = sent();
    ASSERT_EQ(asked.size(), 1U);
    take(1, Subject::pong, asked[0].letter.text + " " + std::to_string(moment().wall.count()));
  }
  be_ready(2);
  lead.turn(moment());
  EXPECT_TRUE(lead.start());
}

TEST_F(LeadTest, MeasuresClocksBeforeItBegins) {
  lead.ready(kLoad);
  be_ready(1);
  take(2, Subject::ready, kLoad + " host2"s);
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

TEST_F(LeadTest, HandsOutQuotasToAllAndItself) {
  begin();
  lead.share({600, 1});
  take(1, Subject::ask, "0 0");
  lead.take_of_quota(letter(0, Subject::ask, "1 1"));
  lead.turn(moment());
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::more, "0 100"), letter(0, Subject::more, "1 1")}));
  EXPECT_FALSE(lead.deals_with_quotas());
  take(2, Subject::ask, "1 1");
  EXPECT_TRUE(lead.deals_with_quotas());
  lead.turn(moment());
  EXPECT_EQ(sent(), (Letters{letter(0, Subject::recall, "1 0")}));
  lead.take_of_quota(letter(0, Subject::unused, "1 1"));
  lead.turn(moment());
  EXPECT_EQ(sent(), (Letters{letter(2, Subject::more, "1 1")}));
  take(2, Subject::ask, "2 1");
  take(2, Subject::ask, "x");
  lead.turn(moment());
  EXPECT_EQ(sent(), Letters{});
}

TEST_F(LeadTest, KnowsWhatOthersHaveCounted) {
  now += 5s;
  take(2, Subject::counts, "first");
  take(2, Subject::counts, "second");
  EXPECT_EQ(lead.ranks()[2].counts, "second");
  EXPECT_EQ(lead.ranks()[2].counted, now);
  EXPECT_EQ(lead.ranks()[1].counts, "");
}

TEST_F(LeadTest, EndsAllWhenWhatWasToBeDoneIsDone) {
  begin();
  lead.end_all();
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::end, "1"), letter(2, Subject::end, "1")}));
  EXPECT_EQ(lead.end(), 1U);
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
  EXPECT_FALSE(lead.ranks()[2].is_cause);
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

TEST_F(LeadTest, EndsAtOnceWhereOneIsGone) {
  begin();
  take(2, Subject::gone);
  lead.turn(moment());
  EXPECT_EQ(lead.end(), 1U);
  EXPECT_EQ(lead.ranks()[2].trouble, "was not there any more");
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::end, "1")}));
  EXPECT_FALSE(lead.all_in());
  take(1, Subject::result, "1x");
  EXPECT_TRUE(lead.all_in());
  EXPECT_FALSE(lead.whole()) << "all together end nothing any more";
}

TEST_F(LeadTest, DoesNotWaitLongForOthersWhereOneIsGone) {
  begin();
  take(2, Subject::gone);
  pass(1'500ms, {1});
  EXPECT_EQ(lead.end(), 2U);
  pass(1'500ms, {1});
  EXPECT_TRUE(lead.all_in());
}

TEST_F(LeadTest, HasTheResultOfOneThatIsGoneSince) {
  begin();
  take(2, Subject::result, "0x");
  take(2, Subject::gone);
  pass(1s, {1});
  EXPECT_EQ(lead.end(), 0U);
  EXPECT_EQ(lead.ranks()[2].result, "x");
  EXPECT_EQ(lead.ranks()[2].trouble, "");
  EXPECT_FALSE(lead.whole());
}

TEST_F(LeadTest, EndsOneAtOnceThatComesBackTooLate) {
  begin();
  pass(5'100ms, {1});
  sent();
  pass(100ms, {1, 2});
  EXPECT_EQ(sent(), (Letters{letter(2, Subject::end, "2")}));
  pass(100ms, {1, 2});
  EXPECT_EQ(sent(), Letters{}) << "once";
  take(1, Subject::result, "1x");
  EXPECT_TRUE(lead.all_in());
  EXPECT_FALSE(lead.whole()) << "it may be gone again before the end";
  lead.close();
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::over, "0"), letter(2, Subject::over, "0")}));
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
  lead.ready(kLoad);
  pass(6s, {1});
  EXPECT_EQ(lead.end(), 1U);
  EXPECT_EQ(lead.ranks()[2].host, std::nullopt);
  take(2, Subject::alive);
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

class LeadOfSeveralTest : public LeadTest {
 protected:
  LeadOfSeveralTest() {
    lead.open("seed 7", std::nullopt);
    lead.await_next();
    sent();
  }
  // Is made by all, up to their results.
  void run(const std::string& what) {
    lead.next(what, now);
    ASSERT_EQ(sent(), (Letters{letter(1, Subject::next, what), letter(2, Subject::next, what)}));
    EXPECT_FALSE(lead.all_in());
    begin();
    take(1, Subject::result, "0one of " + what);
    EXPECT_FALSE(lead.all_in());
    take(2, Subject::result, "0two of " + what);
    ASSERT_TRUE(lead.all_in());
    EXPECT_EQ(lead.ranks()[1].result, "one of " + what);
    lead.rest();
  }
};

TEST_F(LeadOfSeveralTest, TakesInEachBeforeTheNext) {
  EXPECT_TRUE(lead.all_in()) << "of none";
  run("100/s");
  const auto start = lead.start();
  pass(10s);
  run("200/s");
  EXPECT_GT(lead.start(), start) << "a moment of its own";
  EXPECT_EQ(lead.end(), 0U);
}

TEST_F(LeadOfSeveralTest, WaitsInEachForItself) {
  run("100/s");
  lead.next("200/s", now);
  sent();
  be_ready(1);
  be_ready(2);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), std::nullopt);
}

TEST_F(LeadOfSeveralTest, TellsOfEachWhoIsWaitedFor) {
  run("100/s");
  lead.over(0);
  lead.next("200/s", now);
  sent();
  lead.ready(kLoad);
  pass(11s);
  EXPECT_EQ(lead.said(), (Letters{letter(0, Subject::said, "waits for ranks 1, 2 to be ready")}));
  sent();
  begin();
  pass(20s);
  EXPECT_EQ(lead.said(), Letters{}) << "all pour";
}

TEST_F(LeadOfSeveralTest, ComparesClocksForEach) {
  run("100/s");
  lead.next("200/s", now);
  sent();
  lead.ready(kLoad);
  be_ready(1, 5s);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), std::nullopt) << "rank 2 was ready for the one before";
  be_ready(2);
  lead.turn(moment());
  ASSERT_TRUE(lead.start());
  const std::string there = std::to_string((*lead.start() + Microseconds(5s)).count());
  const Letters letters = sent();
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(letters.front(), letter(1, Subject::start, there));
}

TEST_F(LeadOfSeveralTest, CountsTheSecondsOfEachFromItsStart) {
  run("100/s");
  const auto second = [](std::uint64_t number) {
    metrics::Second one{.number = number};
    one.counters.delivered = 1;
    return one;
  };
  lead.seconds_of_all(second(6));
  lead.next("200/s", now);
  take(1, Subject::second, to_text(second(0)));
  lead.seconds_of_all(second(0));
  const auto sum = lead.seconds_of_all(second(1));
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->number, 0U);
  EXPECT_EQ(sum->counters.delivered, 2U) << "without what was never asked for";
}

TEST_F(LeadOfSeveralTest, EndsBetweenTwoWhereOneIsSilent) {
  run("100/s");
  pass(5'100ms, {1});
  EXPECT_EQ(lead.end(), 1U);
  EXPECT_EQ(lead.ranks()[2].trouble, "was not heard of for 5 s");
  EXPECT_EQ(lead.ranks()[2].result, "two of 100/s") << "which stays";
  EXPECT_FALSE(lead.is_well());
  EXPECT_TRUE(lead.all_in());
  EXPECT_EQ(sent(), Letters{}) << "nobody has anything to end";
}

TEST_F(LeadOfSeveralTest, EndsBetweenTwoWhereOneIsGone) {
  run("100/s");
  take(2, Subject::gone);
  pass(100ms, {1});
  EXPECT_EQ(lead.end(), 1U);
  EXPECT_EQ(lead.ranks()[2].trouble, "was not there any more");
  EXPECT_FALSE(lead.is_well());
}

TEST_F(LeadOfSeveralTest, DoesNotMissWhoGoesWhenThereIsNoOther) {
  run("100/s");
  lead.retire();
  take(2, Subject::gone);
  pass(100ms, {1});
  EXPECT_TRUE(lead.is_well());
  EXPECT_FALSE(lead.whole());
}

TEST_F(LeadOfSeveralTest, EndsOneWhereWhoWasDoneIsSilent) {
  run("100/s");
  lead.next("200/s", now);
  sent();
  begin();
  take(2, Subject::result, "0x");
  pass(5'100ms, {1});
  EXPECT_EQ(lead.end(), 1U);
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::end, "1")}));
}

TEST_F(LeadOfSeveralTest, EndsTheNextAsItHasBeenEndedBefore) {
  run("100/s");
  lead.interrupt(now, std::nullopt);
  EXPECT_EQ(sent(), Letters{}) << "nobody has anything to end";
  lead.next("200/s", now);
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::next, "200/s"), letter(2, Subject::next, "200/s"),
                             letter(1, Subject::end, "1"), letter(2, Subject::end, "1")}));
  lead.ready(kLoad);
  be_ready(1);
  be_ready(2);
  lead.turn(moment());
  EXPECT_EQ(lead.start(), std::nullopt);
}

TEST_F(LeadOfSeveralTest, LeavesOutWhoHasFailed) {
  take(2, Subject::trouble, "no such file");
  EXPECT_EQ(lead.end(), 2U);
  lead.next("100/s", now);
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::next, "100/s"), letter(1, Subject::end, "2")}));
  take(1, Subject::result, "1x");
  EXPECT_TRUE(lead.all_in());
}

TEST_F(LeadOfSeveralTest, FindsOutInTheEndWhoIsThere) {
  run("100/s");
  lead.call_roll(now);
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::next), letter(2, Subject::next)}));
  take(1, Subject::result, "0");
  pass(4'800ms, {1});
  EXPECT_FALSE(lead.all_in());
  pass(300ms, {1});
  EXPECT_TRUE(lead.all_in());
  EXPECT_EQ(lead.ranks()[1].trouble, "");
  EXPECT_EQ(lead.ranks()[2].trouble, "was not heard of for 5 s");
}

TEST_F(LeadOfSeveralTest, ThatWillBeKilledWaitsNoLongerForWhoIsGone) {
  lead.interrupt(now, 1s);
  pass(2s);
  EXPECT_EQ(lead.ranks()[1].trouble, "") << "who was not asked for anything";
  lead.call_roll(now);
  lead.turn(moment());
  take(1, Subject::result, "0");
  pass(kRollCall, {1, 2});
  EXPECT_TRUE(lead.all_in());
  EXPECT_EQ(lead.ranks()[1].trouble, "");
  EXPECT_EQ(lead.ranks()[2].trouble, "was not done when the run had to end");
  EXPECT_FALSE(lead.ranks()[2].is_cause);
}

TEST_F(LeadTest, AsksAllOnceMoreWhetherTheyAreThere) {
  begin();
  for (const unsigned rank : {1U, 2U}) take(rank, Subject::result, "0x");
  pass(100ms);
  lead.ask_once_more(now);
  EXPECT_EQ(sent(), (Letters{letter(1, Subject::next), letter(2, Subject::next)}));
  pass(4'800ms, {1});
  EXPECT_FALSE(lead.all_answered());
  EXPECT_TRUE(lead.whole());
  pass(200ms, {1});
  EXPECT_TRUE(lead.all_answered());
  EXPECT_FALSE(lead.whole());
  EXPECT_EQ(lead.ranks()[2].trouble, "") << "all that it measured is there";
  EXPECT_FALSE(lead.ranks()[1].is_silent);
  EXPECT_TRUE(lead.ranks()[2].is_silent);
}

TEST_F(LeadTest, ThatWillBeKilledDoesNotAskForLong) {
  begin();
  for (const unsigned rank : {1U, 2U}) take(rank, Subject::result, "0x");
  pass(100ms);
  lead.interrupt(now, 1s);
  lead.ask_once_more(now);
  pass(kRollCall - 100ms, {1});
  EXPECT_FALSE(lead.all_answered());
  pass(100ms, {1});
  EXPECT_TRUE(lead.all_answered());
  EXPECT_FALSE(lead.ranks()[1].is_silent);
  EXPECT_TRUE(lead.ranks()[2].is_silent);
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
  take(1, Subject::pong, "18446744073709551615 18446744073709551615");
  take(1, Subject::over, "1");
  take(1, Subject::result, "-x");
  EXPECT_EQ(lead.end(), 0U);
  EXPECT_FALSE(lead.all_in());
  EXPECT_EQ(lead.ranks()[1].clock.offset(), std::nullopt);
}

}  // namespace
}  // namespace millrace::fleet
