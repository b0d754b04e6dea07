#include "source/kept_run.h"

#include <gtest/gtest.h>

#include <chrono>
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
  Duration kept() { return kept_.run().measurement.elapsed; }

  // Makes the next probe.
  void found(ProbeOutcome outcome, Duration took) {
    const double level = probe().level;
    search_.found(outcome);
    Result run;
    run.measurement.elapsed = took;
    kept_.take(level, outcome == kHeld, best(), std::move(run));
  }

  // Up to the confirmation of 995.
  void find_995() {
    while (!probe().confirms) found(probe().level <= 1'000 ? kHeld : kMissed, 1s);
  }

 private:
  CapacitySearch search_{{.low = 100, .high = 50'000}};
  KeptRun kept_;
};

TEST(KeptRun, IsOfTheHighestLevelThatHeld) {
  Search search;
  search.found(kHeld, 1s);
  EXPECT_EQ(search.kept(), 1s);
  search.found(kHeld, 2s);
  EXPECT_EQ(search.kept(), 2s);
  search.found(kMissed, 3s);
  EXPECT_EQ(search.best(), 200);
  EXPECT_EQ(search.kept(), 2s);
}

TEST(KeptRun, IsTheLastOneWhereNothingHeld) {
  Search search;
  search.found(kMissed, 1s);
  search.found(kMissed, 2s);
  EXPECT_EQ(search.kept(), 2s);
}

TEST(KeptRun, IsTheOneThatConfirmed) {
  Search search;
  search.find_995();
  search.found(kHeld, 60s);
  EXPECT_EQ(search.best(), 995);
  EXPECT_EQ(search.kept(), 60s);
}

TEST(KeptRun, StaysTheConfirmedOneWhenWhatHoldsAboveIsNotConfirmed) {
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

TEST(KeptRun, IsOfTheHigherLevelThatIsConfirmedLater) {
  Search search;
  search.find_995();
  search.found(kHeld, 60s);
  while (!search.probe().confirms)
    search.found(search.probe().level <= 1'040 ? kHeld : kMissed, 2s);
  search.found(kHeld, 61s);
  EXPECT_EQ(search.best(), 1'040);
  EXPECT_EQ(search.kept(), 61s);
}

}  // namespace
}  // namespace millrace::source
