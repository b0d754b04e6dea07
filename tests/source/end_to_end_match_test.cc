#include "source/end_to_end_match.h"

#include <gtest/gtest.h>

#include <chrono>

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

// Accepted 10 ms after it was due.
AcceptedCopies accepted(std::uint64_t message, Duration due, std::uint64_t copies = 1,
                        bool measured = true) {
  return {.message = message,
          .copies = copies,
          .due = kStart + due,
          .accepted = kStart + due + 10ms,
          .measured = measured};
}

class Matching : public testing::Test {
 protected:
  Matching() { match.begin(); }

  void arrived(std::uint64_t message, Duration at, bool bounced = false) {
    match.arrived(message, kStart + at, bounced);
  }

  // Of a load that was to last for ten seconds.
  metrics::EndToEnd finish(Duration end = 10s) { return match.finish(kStart + end); }

  EndToEndMatch match;
};

TEST_F(Matching, TakesTheTimeFromWhenAMessageWasDue) {
  match.accepted(accepted(1, 1s));
  EXPECT_EQ(match.waiting(), 1U);
  arrived(1, 4s);
  EXPECT_EQ(match.waiting(), 0U);
  arrived(2, 2s);  // before the source has read the server's yes
  match.accepted(accepted(2, 2s));
  EXPECT_EQ(match.waiting(), 0U);
  const metrics::EndToEnd found = finish();
  EXPECT_EQ(found.accepted, 2U);
  EXPECT_EQ(found.arrived, 2U);
  EXPECT_EQ(found.backlog, 0U);
  EXPECT_NEAR(static_cast<double>(found.latency.most()), 3e6, 3e4);
  EXPECT_EQ(found.latency.least(), 0U);
}

TEST_F(Matching, WhatIsAcceptedByTheEndAndArrivesBehindItIsTheBacklog) {
  match.accepted(accepted(1, 1s));
  match.accepted(accepted(2, 9s));
  match.accepted(accepted(3, 9s));
  match.accepted(accepted(4, 9995ms));  // accepted behind the end
  match.accepted(accepted(5, 9s));      // never comes
  match.accepted(accepted(6, 1s, 1, false));
  arrived(1, 9999ms);
  arrived(2, 10s);
  arrived(3, 10001ms);
  arrived(4, 11s);
  arrived(6, 12s);  // of the warm-up, and all the same in the server's queue
  const metrics::EndToEnd found = finish();
  EXPECT_EQ(found.backlog, 3U);
  EXPECT_EQ(found.accepted, 5U);
  EXPECT_EQ(found.arrived, 4U);
  EXPECT_EQ(found.not_arrived(), 1U);
  EXPECT_EQ(match.waiting(), 1U);
}

// It is told of late, when all the rest is known.
TEST_F(Matching, ALoadThatIsOverEarlyHasItsBacklogThen) {
  match.accepted(accepted(1, 1s));
  match.accepted(accepted(2, 1s));
  match.accepted(accepted(3, 2995ms));  // behind that moment
  match.not_over_at(kStart + 2500ms);
  arrived(1, 2s);
  arrived(2, 4s);
  arrived(3, 5s);
  EXPECT_EQ(finish(3s).backlog, 1U);
}

TEST_F(Matching, WhatWasThereBeforeTheEndIsInNoBacklog) {
  match.accepted(accepted(1, 1s));
  match.accepted(accepted(2, 1s));
  arrived(1, 2s);
  arrived(2, 4s);
  match.not_over_at(kStart + 3s);
  match.not_over_at(kStart + 1s);  // which is known already
  match.accepted(accepted(3, 2s));
  arrived(3, 2900ms);
  EXPECT_EQ(finish(3s).backlog, 1U);
}

// However many copies a message has: a server may take its time with millions.
TEST_F(Matching, RemembersNothingOfWhatArrivesOnceTheLoadIsKnownToBeOver) {
  match.accepted(accepted(1, 1s, 1'000));
  match.accepted(accepted(2, 9995ms, 1'000));  // accepted behind the end
  match.not_over_at(kStart + 10s);
  match.over_by(kStart + 11s);
  match.over_by(kStart + 10s);
  match.over_by(kStart + 12s);  // which is known already
  arrived(1, 10s);
  for (int copy = 1; copy < 1'000; ++copy) {
    arrived(1, 11s);
    arrived(2, 11s);
  }
  EXPECT_EQ(match.undecided(), 0U);
  EXPECT_EQ(finish().backlog, 999U);
  match.accepted(accepted(3, 21s, 2));  // of the next run
  arrived(3, 31s);
  EXPECT_EQ(match.undecided(), 1U);
  EXPECT_EQ(finish(30s).backlog, 2U);
}

TEST_F(Matching, RemembersWhatMayBeInTheBacklogOnly) {
  match.accepted(accepted(1, 1s, 4));
  match.accepted(accepted(2, 5s));
  match.not_over_at(kStart + 2s);
  match.over_by(kStart + 10s);
  arrived(1, 2s);
  arrived(1, 3s);
  arrived(2, 4s);  // by the sink's word before the server's
  EXPECT_EQ(match.undecided(), 1U);
  arrived(1, 4s);
  EXPECT_EQ(match.undecided(), 2U);
  match.not_over_at(kStart + 3s);
  EXPECT_EQ(match.undecided(), 1U);
  arrived(1, 11s);
  EXPECT_EQ(match.undecided(), 1U);
  EXPECT_EQ(finish(3500ms).backlog, 2U);
}

TEST_F(Matching, CountsWhatWasAskedFor) {
  EXPECT_EQ(match.last_accepted(), TimePoint::min());
  match.asked(3);
  match.asked(2);
  match.accepted(accepted(2, 2s, 2));
  match.accepted(accepted(1, 1s, 1));
  EXPECT_EQ(match.last_accepted(), kStart + 2010ms);
  arrived(1, 3s);
  const metrics::EndToEnd found = finish();
  EXPECT_EQ(found.asked, 5U);
  EXPECT_EQ(found.accepted, 3U);
  EXPECT_EQ(found.arrived, 1U);
  EXPECT_DOUBLE_EQ(found.missing_share(), 0.8);
}

// As a sink without a key has them, where somebody makes them up.
TEST_F(Matching, RemembersSoManyOfWhatWasNotAccepted) {
  EndToEndMatch little(3);
  for (std::uint64_t message = 1; message <= 5; ++message) {
    little.arrived(message, kStart + 1s, false);
  }
  EXPECT_EQ(little.forgotten(), 2U);
  for (std::uint64_t message = 1; message <= 5; ++message) {
    little.accepted(accepted(message, 1s));
  }
  EXPECT_EQ(little.waiting(), 2U);
  little.arrived(9, kStart + 2s, false);  // of the others nothing is left to forget
  EXPECT_EQ(little.forgotten(), 2U);
  EXPECT_EQ(little.finish(kStart + 10s).arrived, 3U);
}

// Behind one that nobody accepts as many as there may be come before their message is known to have
// been accepted.
TEST_F(Matching, ForgetsNothingWhileLittleIsToBeRemembered) {
  EndToEndMatch little(3);
  little.arrived(1, kStart + 1s, false);
  for (std::uint64_t message = 2; message <= 100; ++message) {
    little.arrived(message, kStart + 2s, false);
    little.arrived(message, kStart + 2s, false);
    little.accepted(accepted(message, 1s, 2));
  }
  EXPECT_EQ(little.forgotten(), 0U);
  little.accepted(accepted(1, 500ms));
  EXPECT_EQ(little.messages_waiting(), 0U);
  little.accepted(accepted(101, 1s, 3));
  EXPECT_EQ(little.messages_waiting(), 1U);
  EXPECT_EQ(little.finish(kStart + 10s).arrived, 199U);
}

TEST_F(Matching, CountsEachRecipient) {
  match.accepted(accepted(1, 1s, 3));
  arrived(1, 2s);
  arrived(1, 3s);
  EXPECT_EQ(match.waiting(), 1U);
  const metrics::EndToEnd found = finish();
  EXPECT_EQ(found.accepted, 3U);
  EXPECT_EQ(found.arrived, 2U);
  EXPECT_EQ(found.backlog, 1U);
}

TEST_F(Matching, ABounceEndsTheWaitAndIsNoArrival) {
  match.accepted(accepted(1, 1s));
  arrived(1, 2s, true);
  EXPECT_EQ(match.waiting(), 0U);
  const metrics::EndToEnd found = finish();
  EXPECT_EQ(found.bounced, 1U);
  EXPECT_EQ(found.not_arrived(), 1U);
  EXPECT_EQ(found.backlog, 0U);
  EXPECT_TRUE(found.latency.empty());
}

TEST_F(Matching, ASecondCopyCountsNowhere) {
  match.accepted(accepted(1, 1s));
  arrived(1, 2s);
  arrived(1, 9s);
  arrived(2, 5s);  // twice before it is known that it was accepted: the first counts
  arrived(2, 3s);
  match.accepted(accepted(2, 3s));
  const metrics::EndToEnd found = finish();
  EXPECT_EQ(found.arrived, 2U);
  EXPECT_NEAR(static_cast<double>(found.latency.most()), 1e6, 1e4);
  EXPECT_EQ(found.latency.least(), 0U);
}

TEST_F(Matching, WhatComesOfTheRunBeforeIsNotOfThisOne) {
  match.accepted(accepted(1, 1s));
  EXPECT_EQ(finish().backlog, 1U);
  match.begin();
  EXPECT_EQ(match.waiting(), 0U);
  arrived(1, 12s);
  match.accepted(accepted(100, 11s));
  arrived(100, 13s);
  const metrics::EndToEnd found = finish(30s);
  EXPECT_EQ(found.accepted, 1U);
  EXPECT_EQ(found.arrived, 1U);
}

}  // namespace
}  // namespace millrace::source
