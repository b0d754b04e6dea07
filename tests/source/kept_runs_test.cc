#include "source/kept_runs.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "source/capacity_search.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

constexpr ProbeOutcome kHeld = ProbeOutcome::held;
constexpr ProbeOutcome kMissed = ProbeOutcome::missed;

// A search and the run that is kept of it. Each run is known by how long it took.
class Search {
 public:
  [[nodiscard]] bool ended() const {
    return std::holds_alternative<CapacityAnswer>(search_.next());
  }
  [[nodiscard]] Probe probe() const { return std::get<Probe>(search_.next()); }
  [[nodiscard]] std::optional<double> best() const { return search_.so_far().level; }
  Duration kept() { return kept_.of(search_.so_far()).run.measurement.elapsed; }
  [[nodiscard]] std::size_t all_kept() const { return kept_.size(); }
  // Which of all probes that is, from 0.
  std::uint64_t number() { return kept_.of(search_.so_far()).number; }

  // Makes the next probe.
  void found(ProbeOutcome outcome, Duration took) {
    const double level = probe().level;
    search_.found(outcome);
    Result run;
    run.measurement.elapsed = took;
    kept_.take({.level = level, .held = outcome == kHeld, .number = made_++, .run = std::move(run)},
               search_.so_far());
  }

  // Up to the confirmation of 995.
  void find_995() {
    while (!probe().confirms) found(probe().level <= 1'000 ? kHeld : kMissed, 1s);
  }

 private:
  CapacitySearch search_{{.low = 100, .high = 50'000}};
  KeptRuns kept_;
  std::uint64_t made_ = 0;
};

TEST(KeptRuns, IsOfTheHighestLevelThatHeld) {
  Search search;
  search.found(kHeld, 1s);
  EXPECT_EQ(search.kept(), 1s);
  search.found(kHeld, 2s);
  EXPECT_EQ(search.kept(), 2s);
  search.found(kMissed, 3s);
  EXPECT_EQ(search.best(), 200);
  EXPECT_EQ(search.kept(), 2s);
}

TEST(KeptRuns, IsTheLastOneWhereNothingHeld) {
  Search search;
  search.found(kMissed, 1s);
  search.found(kMissed, 2s);
  EXPECT_EQ(search.kept(), 2s);
}

TEST(KeptRuns, IsTheOneThatConfirmed) {
  Search search;
  search.find_995();
  search.found(kHeld, 60s);
  EXPECT_EQ(search.best(), 995);
  EXPECT_EQ(search.kept(), 60s);
}

TEST(KeptRuns, AreThoseOfWhichOneMayBeTheAnswerYet) {
  Search search;
  search.find_995();
  EXPECT_EQ(search.all_kept(), 6U) << "100, 200, 400, 800, 951 and 995, and none that was missed";
  search.found(kHeld, 60s);
  EXPECT_EQ(search.all_kept(), 1U);
}

TEST(KeptRuns, StaysTheConfirmedOneWhenWhatHoldsAboveIsNotConfirmed) {
  Search search;
  search.find_995();
  search.found(kHeld, 60s);
  // Twice for a short time, twice the level above, and two confirmations.
  for (const ProbeOutcome outcome : {kHeld, kHeld, kMissed, kMissed, kMissed, kMissed}) {
    search.found(outcome, 2s);
    EXPECT_EQ(search.best(), 995);
    EXPECT_EQ(search.kept(), 60s);
  }
  EXPECT_TRUE(search.ended());
}

TEST(KeptRuns, IsOfTheHigherLevelThatIsConfirmedLater) {
  Search search;
  search.find_995();
  search.found(kHeld, 60s);
  while (!search.probe().confirms)
    search.found(search.probe().level <= 1'040 ? kHeld : kMissed, 2s);
  search.found(kHeld, 61s);
  EXPECT_EQ(search.best(), 1'040);
  EXPECT_EQ(search.kept(), 61s);
}

// That of each level is told from others by how long it took: a millisecond for each unit of it.
TEST(KeptRuns, IsOfTheLevelBelowWhenAConfirmationFails) {
  Search search;
  while (!search.probe().confirms) {
    const double level = search.probe().level;
    search.found(level <= 1'000 ? kHeld : kMissed, std::chrono::milliseconds(std::lround(level)));
  }
  std::optional<double> before = search.best();
  ASSERT_TRUE(before);
  unsigned fallen = 0;
  while (!search.ended() && search.best()) {
    const auto of_best = std::chrono::milliseconds(std::lround(*search.best()));
    EXPECT_EQ(search.kept(), of_best) << *search.best();
    if (search.best() < before) ++fallen;
    before = search.best();
    search.found(kMissed, 1h);
  }
  EXPECT_GE(fallen, 3U);
  EXPECT_EQ(search.kept(), 1h) << "of none the last one";
}

TEST(KeptRuns, IsOfTheLevelBelowWhereTheGeneratorWasLateInTheEnd) {
  Search search;
  search.found(kHeld, 1s);
  search.found(kHeld, 2s);
  search.found(kMissed, 3s);
  search.found(kMissed, 4s);  // between 200 and 400
  while (!search.probe().confirms) search.found(kMissed, 5s);
  EXPECT_EQ(search.probe().level, 200);
  search.found(kMissed, 60s);
  search.found(ProbeOutcome::late, 61s);
  search.found(ProbeOutcome::late, 62s);
  EXPECT_TRUE(search.ended());
  EXPECT_EQ(search.best(), 100);
  EXPECT_EQ(search.kept(), 1s);
  EXPECT_EQ(search.number(), 0U);
}

}  // namespace
}  // namespace millrace::source
