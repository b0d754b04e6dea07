// The search for a capacity against servers that are made up of arithmetic.
#include "source/capacity_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <variant>
#include <vector>

namespace millrace::source {
namespace {

constexpr double kProbeSeconds = 10;
constexpr double kConfirmSeconds = 60;

// Whether it holds a load for so many seconds.
using Server = std::function<ProbeOutcome(double level, double seconds)>;

struct Found {
  CapacityAnswer answer;
  std::vector<Probe> probes;
};

// A search is over long before that.
constexpr std::size_t kMostProbes = 200;

Found search(const CapacityRange& range, const Server& server) {
  CapacitySearch search(range);
  Found found;
  while (found.probes.size() < kMostProbes) {
    const auto next = search.next();
    if (const auto* const answer = std::get_if<CapacityAnswer>(&next)) {
      found.answer = *answer;
      return found;
    }
    const Probe probe = std::get<Probe>(next);
    found.probes.push_back(probe);
    search.found(server(probe.level, probe.confirms ? kConfirmSeconds : kProbeSeconds));
  }
  ADD_FAILURE() << "no end";
  return found;
}

ProbeOutcome held_if(bool holds) { return holds ? ProbeOutcome::held : ProbeOutcome::missed; }

// The 99th percentile in seconds of a queue with one server that serves so many a second.
double p99_of_queue(double capacity, double level) {
  if (level >= capacity) return 1e9;
  return std::log(100) / (capacity - level);
}

constexpr CapacityRange kRates{.low = 100, .high = 50'000};
constexpr unsigned kSeeds = 20;

double drawn_capacity(unsigned seed) {
  std::mt19937 random(seed);
  return std::uniform_real_distribution<double>(300, 20'000)(random);
}

// Of so many seeds, in how many the level that is found is within 5% of the edge.
unsigned within_5_percent(const std::function<double(unsigned seed, Found& found)>& edge_of) {
  unsigned good = 0;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    Found found;
    const double edge = edge_of(seed, found);
    EXPECT_TRUE(found.answer.confirmed);
    if (std::abs(found.answer.level.value_or(0) / edge - 1) <= 0.05) ++good;
  }
  return good;
}

TEST(CapacitySearch, FindsTheRateAboveWhichAServerRefuses) {
  EXPECT_EQ(within_5_percent([](unsigned seed, Found& found) {
              const double limit = drawn_capacity(seed);
              found = search(kRates, [&](double level, double /*seconds*/) {
                return held_if(level <= limit);
              });
              EXPECT_LE(found.answer.level.value_or(0), limit);
              EXPECT_GT(found.answer.limited_at.value_or(0), limit);
              EXPECT_LE(*found.answer.limited_at, *found.answer.level * 1.05);
              EXPECT_EQ(found.answer.limit, CapacityLimit::server);
              return limit;
            }),
            kSeeds);
}

TEST(CapacitySearch, FindsTheRateAtWhichAServerBeginsToQueue) {
  EXPECT_EQ(within_5_percent([](unsigned seed, Found& found) {
              const double capacity = drawn_capacity(seed);
              const double bound = 50 / capacity;
              found = search(kRates, [&](double level, double /*seconds*/) {
                return held_if(p99_of_queue(capacity, level) < bound);
              });
              return capacity - std::log(100) / bound;
            }),
            kSeeds);
}

TEST(CapacitySearch, FindsItWhereLatenciesAreNoisyBy10Percent) {
  EXPECT_GE(within_5_percent([](unsigned seed, Found& found) {
              const double capacity = drawn_capacity(seed);
              const double bound = 50 / capacity;
              std::mt19937 random(seed);
              std::normal_distribution<double> noise(1, 0.1);
              found = search(kRates, [&](double level, double /*seconds*/) {
                return held_if(p99_of_queue(capacity, level) * noise(random) < bound);
              });
              return capacity - std::log(100) / bound;
            }),
            kSeeds - 1);
}

// One probe of fifty meets something else.
TEST(CapacitySearch, FindsItWhereSomeProbesFailWithoutAReason) {
  EXPECT_GE(within_5_percent([](unsigned seed, Found& found) {
              const double limit = drawn_capacity(seed);
              std::mt19937 random(seed);
              std::bernoulli_distribution hiccup(0.02);
              found = search(kRates, [&](double level, double /*seconds*/) {
                return held_if(level <= limit && !hiccup(random));
              });
              return limit;
            }),
            kSeeds - 1);
}

// Whatever else the machine did for a while spoils a probe and those behind it: the first ones,
// those of the way up, of the halving or of the confirmation.
TEST(CapacitySearch, FindsItWhereSomethingElseSpoilsSomeProbesInARow) {
  for (const unsigned spoilt : {1U, 2U, 3U}) {
    // Of what never held but once nothing can be known.
    for (unsigned first = spoilt == 3 ? 1 : 0; first < 16; ++first) {
      EXPECT_EQ(within_5_percent([&](unsigned seed, Found& found) {
                  const double limit = drawn_capacity(seed);
                  unsigned number = 0;
                  found = search(kRates, [&](double level, double /*seconds*/) {
                    const bool spoils = number >= first && number < first + spoilt;
                    ++number;
                    return held_if(level <= limit && !spoils);
                  });
                  return limit;
                }),
                kSeeds)
          << spoilt << " probes from " << first;
    }
  }
}

// It is away for half a minute, once in a quarter of an hour.
TEST(CapacitySearch, FindsItWhereTheServerIsSometimesAway) {
  EXPECT_GE(within_5_percent([](unsigned seed, Found& found) {
              const double limit = drawn_capacity(seed);
              std::mt19937 random(seed);
              std::exponential_distribution<double> until_next(1.0 / 900);
              double now = 0;
              double away = until_next(random);
              found = search(kRates, [&](double level, double seconds) {
                const double begun = now;
                now += seconds;
                while (away + 30 < begun) away += 30 + until_next(random);
                return held_if(level <= limit && away >= now);
              });
              return limit;
            }),
            kSeeds - 1);
}

// A server that an overload makes slow, until it has had no load for a while.
class Collapsing {
 public:
  Collapsing(double limit, double recovery_seconds)
      : limit_(limit), recovery_seconds_(recovery_seconds) {}

  ProbeOutcome probe(double level, double settle_seconds) {
    if (settle_seconds >= recovery_seconds_) collapsed_ = false;
    if (level > limit_) collapsed_ = true;
    return held_if(level <= (collapsed_ ? limit_ / 4 : limit_));
  }

 private:
  const double limit_;
  const double recovery_seconds_;
  bool collapsed_ = false;
};

TEST(CapacitySearch, FindsTheLimitOfOneThatCollapsesAndHasTimeToRecover) {
  EXPECT_EQ(within_5_percent([](unsigned seed, Found& found) {
              const double limit = drawn_capacity(seed);
              Collapsing server(limit, 5);
              found = search(
                  kRates, [&](double level, double /*seconds*/) { return server.probe(level, 5); });
              return limit;
            }),
            kSeeds);
}

TEST(CapacitySearch, SaysNoMoreThanHoldsOfOneThatHasNoTimeToRecover) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const double limit = drawn_capacity(seed);
    Collapsing server(limit, 5);
    const Found found =
        search(kRates, [&](double level, double /*seconds*/) { return server.probe(level, 1); });
    EXPECT_LE(found.answer.level.value_or(0), limit);
  }
}

// What fills up holds for a while, the longer the less it is above the limit.
TEST(CapacitySearch, GoesOnBelowWhatIsNotConfirmed) {
  EXPECT_EQ(within_5_percent([](unsigned seed, Found& found) {
              const double limit = drawn_capacity(seed);
              found = search(kRates, [&](double level, double seconds) {
                return held_if((level - limit) * seconds < limit * 20);
              });
              unsigned confirming = 0;
              for (const Probe& probe : found.probes) confirming += probe.confirms ? 1 : 0;
              EXPECT_GT(confirming, 1U);
              return limit * (1 + 20 / kConfirmSeconds);
            }),
            kSeeds);
}

TEST(CapacitySearch, SaysWhenNothingHolds) {
  const Found found =
      search(kRates, [](double /*level*/, double /*seconds*/) { return ProbeOutcome::missed; });
  EXPECT_FALSE(found.answer.level);
  EXPECT_FALSE(found.answer.confirmed);
  EXPECT_EQ(found.answer.limit, CapacityLimit::server);
  EXPECT_EQ(found.answer.limited_at, 100);
  EXPECT_EQ(found.probes.size(), 3U);
}

TEST(CapacitySearch, SaysWhenNothingIsConfirmed) {
  const Found found = search(kRates, [](double level, double seconds) {
    return held_if(seconds < kConfirmSeconds && level < 5'000);
  });
  EXPECT_FALSE(found.answer.level);
  EXPECT_FALSE(found.answer.confirmed);
  EXPECT_EQ(found.answer.limited_at, 100);
  EXPECT_LT(found.probes.size(), 40U);
}

TEST(CapacitySearch, ConfirmsTheEndOfTheRangeWhenEverythingHolds) {
  const Found found =
      search(kRates, [](double /*level*/, double /*seconds*/) { return ProbeOutcome::held; });
  EXPECT_EQ(found.answer.level, 50'000);
  EXPECT_TRUE(found.answer.confirmed);
  EXPECT_EQ(found.answer.limit, CapacityLimit::range);
  EXPECT_FALSE(found.answer.limited_at);
  EXPECT_TRUE(found.probes.back().confirms);
  EXPECT_EQ(found.probes.size(), 11U);
}

TEST(CapacitySearch, SaysWhereTheGeneratorWasTheLimit) {
  const Found found = search(kRates, [](double level, double /*seconds*/) {
    return level > 3'000 ? ProbeOutcome::late : ProbeOutcome::held;
  });
  EXPECT_EQ(found.answer.level, 1'600);
  EXPECT_FALSE(found.answer.confirmed);
  EXPECT_EQ(found.answer.limit, CapacityLimit::generator);
  EXPECT_EQ(found.answer.limited_at, 3'200);
}

TEST(CapacitySearch, ConcludesNothingFromOneLateProbe) {
  unsigned probes = 0;
  const Found found = search(kRates, [&](double level, double /*seconds*/) {
    return ++probes % 5 == 0 ? ProbeOutcome::late : held_if(level <= 3'000);
  });
  EXPECT_TRUE(found.answer.confirmed);
  EXPECT_EQ(found.answer.limit, CapacityLimit::server);
  EXPECT_NEAR(found.answer.level.value_or(0), 3'000, 150);
}

TEST(CapacitySearch, RepeatsProbesNearTheEdgeAndNotFarBelow) {
  const Found found =
      search(kRates, [](double level, double /*seconds*/) { return held_if(level <= 1'000); });
  std::vector<double> levels;
  for (const Probe& probe : found.probes) levels.push_back(probe.level);
  EXPECT_EQ(levels, (std::vector<double>{100, 200, 400, 800, 1'600, 1'600, 1'130, 1'130, 951, 1'040,
                                         1'040, 995, 995, 995, 1'040}));
}

// The way to the answer is known; one probe more says that it has not changed.
TEST(CapacitySearch, TheGeneratorMayBeLateWhenItLooksOnceMoreAtWhatDidNotHold) {
  CapacitySearch search(kRates);
  std::vector<Probe> probes;
  while (std::holds_alternative<Probe>(search.next())) {
    const bool confirmed = !probes.empty() && probes.back().confirms;
    probes.push_back(std::get<Probe>(search.next()));
    search.found(confirmed ? ProbeOutcome::late : held_if(probes.back().level <= 1'000));
    if (confirmed && std::holds_alternative<Probe>(search.next())) {
      search.found(ProbeOutcome::late);
    }
  }
  const auto answer = std::get<CapacityAnswer>(search.next());
  EXPECT_EQ(probes.back().level, 1'040);
  EXPECT_EQ(answer.limit, CapacityLimit::server);
  EXPECT_TRUE(answer.confirmed);
  EXPECT_EQ(answer.level, 995);
  EXPECT_EQ(answer.limited_at, 1'040);
}

// Until a level is confirmed, and holds as well the one above which did not at first.
void hold_above_what_is_confirmed(CapacitySearch& search) {
  const auto probe = [&] { return std::get<Probe>(search.next()); };
  while (!probe().confirms) search.found(held_if(probe().level <= 1'000));
  for (int held = 0; held < 3; ++held) search.found(ProbeOutcome::held);
  ASSERT_EQ(probe().level, 1'080);
}

TEST(CapacitySearch, WhatIsConfirmedStaysTheAnswerWhenItIsBrokenOffAbove) {
  CapacitySearch search(kRates);
  hold_above_what_is_confirmed(search);
  EXPECT_EQ(search.so_far().level, 995);
  EXPECT_TRUE(search.so_far().confirmed);
  EXPECT_EQ(search.so_far().limited_at, 1'130);
}

TEST(CapacitySearch, WhatIsConfirmedStaysTheAnswerWhenTheGeneratorIsLateAbove) {
  for (const bool confirming : {false, true}) {
    CapacitySearch search(kRates);
    hold_above_what_is_confirmed(search);
    if (confirming) {
      search.found(ProbeOutcome::missed);
      search.found(ProbeOutcome::missed);
    }
    search.found(ProbeOutcome::late);
    search.found(ProbeOutcome::late);
    const auto answer = std::get<CapacityAnswer>(search.next());
    EXPECT_EQ(answer.level, 995);
    EXPECT_TRUE(answer.confirmed);
    EXPECT_EQ(answer.limit, CapacityLimit::generator);
    EXPECT_EQ(answer.limited_at, confirming ? 1'040 : 1'080);
  }
}

// What did not hold holds now: the search goes on above, and what is known of higher levels is not
// looked for again.
TEST(CapacitySearch, GoesOnAboveWhatHoldsWhenItIsLookedAtOnceMore) {
  unsigned number = 0;
  const Found found = search(kRates, [&](double level, double /*seconds*/) {
    ++number;
    return held_if(level <= 1'200 && number != 7 && number != 8);  // at 1,130
  });
  EXPECT_EQ(found.answer.level, 1'180);
  EXPECT_EQ(found.answer.limited_at, 1'230);
  std::vector<double> levels;
  for (const Probe& probe : found.probes) levels.push_back(probe.level);
  EXPECT_EQ(levels, (std::vector<double>{100,   200,   400,   800,   1'600, 1'600, 1'130, 1'130,
                                         951,   1'040, 1'040, 1'080, 1'080, 1'080, 1'130, 1'130,
                                         1'340, 1'340, 1'230, 1'230, 1'180, 1'180, 1'180, 1'230}));
}

TEST(CapacitySearch, FindsTheVeryNumberWhereLevelsAreWhole) {
  for (const double limit : {1.0, 2.0, 3.0, 7.0, 19.0}) {
    const Found found =
        search({.low = 1, .high = 1'000, .whole = true},
               [&](double level, double /*seconds*/) { return held_if(level <= limit); });
    EXPECT_EQ(found.answer.level, limit);
    EXPECT_EQ(found.answer.limited_at, limit + 1);
    EXPECT_TRUE(found.answer.confirmed);
  }
}

TEST(CapacitySearch, ToldBeforeItsEndSaysWhatIsKnown) {
  CapacitySearch search(kRates);
  EXPECT_FALSE(search.so_far().level);
  search.found(ProbeOutcome::held);
  search.found(ProbeOutcome::held);
  EXPECT_EQ(search.so_far().level, 200);
  EXPECT_FALSE(search.so_far().confirmed);
  EXPECT_EQ(search.so_far().limit, CapacityLimit::unknown);
}

// Steps down behind a failed confirmation, and is ended there.
TEST(CapacitySearch, WhatHeldForAShorterTimeIsKnownWhenTheWayDownIsBrokenOff) {
  CapacitySearch search(kRates);
  const auto level = [&] { return std::get<Probe>(search.next()).level; };
  while (!std::get<Probe>(search.next()).confirms) search.found(held_if(level() <= 1'000));
  search.found(ProbeOutcome::missed);
  EXPECT_EQ(search.so_far().level, 951);
  EXPECT_EQ(search.so_far().limited_at, 995);
  EXPECT_FALSE(search.so_far().confirmed);
  while (level() > 951) search.found(ProbeOutcome::missed);
  EXPECT_EQ(search.so_far().level, 951);
  const double below = level();
  ASSERT_LT(below, 951);
  search.found(ProbeOutcome::late);
  search.found(ProbeOutcome::late);
  EXPECT_EQ(search.so_far().limit, CapacityLimit::generator);
  EXPECT_EQ(search.so_far().limited_at, below);
  EXPECT_EQ(search.so_far().level, 800) << "what is above the limit does not hold up to it";
}

}  // namespace
}  // namespace millrace::source
