#include "source/part.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "source/dealt_arrivals.h"
#include "source/shared_load.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kThreads = 3;

TEST(Part, IsEachOfItsNumbersAndNoOther) {
  for (unsigned of = 1; of <= 5; ++of) {
    for (std::uint64_t all = 0; all <= 12; ++all) {
      std::uint64_t sum = 0;
      for (unsigned number = 0; number < of; ++number) {
        const Part part{.number = number, .of = of};
        std::uint64_t own = 0;
        for (std::uint64_t one = part.number; one < all; one += part.of) ++own;
        EXPECT_EQ(part.share(all), own) << number << " of " << of << ", " << all;
        sum += part.share(all);
        const std::uint64_t first = part.first_from(all);
        EXPECT_EQ(first % of, number);
        EXPECT_TRUE(first >= all && first < all + of) << first << ", " << all;
      }
      EXPECT_EQ(sum, all);
    }
  }
}

// The parts of a part are together what it is.
TEST(Part, HasPartsOfItsOwn) {
  std::vector<unsigned> owners(40);
  for (unsigned number = 0; number < 4; ++number) {
    // The second has other threads than the rest.
    const unsigned threads = number == 1 ? 2 : kThreads;
    for (unsigned thread = 0; thread < threads; ++thread) {
      const Part own = Part{.number = number, .of = 4}.part(thread, threads);
      for (std::size_t one = own.number; one < owners.size(); one += own.of) {
        EXPECT_EQ(one % 4, number);
        ++owners[one];
      }
    }
  }
  EXPECT_EQ(owners, std::vector<unsigned>(40, 1));
}

// All messages of a closed loop that the parts of a run give out, in order.
std::vector<std::uint64_t> closed_messages(unsigned parts, std::uint64_t messages,
                                           unsigned sessions, bool ramped) {
  Load load;
  load.schedule = {{.name = "x",
                    .length = 10s,
                    .from = ramped ? 0.0 : sessions,
                    .to = static_cast<double>(sessions)}};
  std::vector<std::uint64_t> all;
  for (unsigned number = 0; number < parts; ++number) {
    const Part part{.number = number, .of = parts};
    SharedLoad shared(load, messages, sessions, part);
    for (std::uint64_t session = part.number; session < sessions; session += part.of) {
      if (const auto first = shared.first_message(session)) all.push_back(*first);
    }
    while (const auto next = shared.take_message()) {
      EXPECT_EQ(*next % parts, number);
      all.push_back(*next);
    }
    EXPECT_TRUE(shared.all_taken());
  }
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Part, OfAClosedLoopGivesOutItsMessagesOnce) {
  for (const bool ramped : {false, true}) {
    for (const std::uint64_t messages : {8U, 17U, 100U}) {
      const auto whole = closed_messages(1, messages, 8, ramped);
      EXPECT_EQ(whole.size(), messages);
      for (const unsigned parts : {2U, 3U, 8U}) {
        EXPECT_EQ(closed_messages(parts, messages, 8, ramped), whole) << parts << ' ' << messages;
      }
    }
  }
}

// When the messages are due that the parts of a run have, over all threads of each.
std::map<std::uint64_t, TimePoint> due(const Load& load, unsigned parts) {
  std::map<std::uint64_t, TimePoint> due;
  for (unsigned number = 0; number < parts; ++number) {
    const Part part{.number = number, .of = parts};
    SharedLoad shared(load, 4'000, 100, part);
    shared.begin(TimePoint(1h));
    for (unsigned thread = 0; thread < kThreads; ++thread) {
      const Part own = part.part(thread, kThreads);
      for (DealtArrivals arrivals(shared, own.number, own.of); arrivals.at_hand();
           arrivals.pass()) {
        const Arrival& arrival = *arrivals.at_hand();
        EXPECT_TRUE(due.emplace(arrival.message, arrival.intended).second) << arrival.message;
      }
    }
  }
  return due;
}

// To the nanosecond: what holds of the arrivals of one process holds of those of all parts.
TEST(Part, OfAnOpenLoopHasItsArrivalsWhenTheRunHasThem) {
  Load load;
  load.open_loop = true;
  load.seed = 7;
  load.schedule = {{.name = "ramp", .length = 2s, .from = 0, .to = 2'000},
                   {.name = "hold", .length = 3s, .from = 1'000, .to = 1'000}};
  for (const ArrivalPattern pattern : {ArrivalPattern::constant, ArrivalPattern::poisson}) {
    load.pattern = pattern;
    const auto whole = due(load, 1);
    EXPECT_EQ(whole.size(), 4'000U);
    for (const unsigned parts : {2U, 3U, 8U}) EXPECT_EQ(due(load, parts), whole) << parts;
  }
}

}  // namespace
}  // namespace millrace::source
