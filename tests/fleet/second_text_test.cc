#include "fleet/second_text.h"

#include <gtest/gtest.h>

namespace millrace::fleet {
namespace {

metrics::Second sample() {
  metrics::Second second{.number = 7,
                         .latest_error = "451 4.3.0 Try again",
                         .sessions_open = 3,
                         .in_flight = 2,
                         .waiting = 1};
  second.counters.delivered = 100;
  second.counters.recipients_given_up = 4;
  second.errors.back() = 5;
  second.intended.record(std::chrono::microseconds(1'500));
  second.intended.record(std::chrono::microseconds(70'000));
  return second;
}

TEST(SecondText, IsReadAsItWasWritten) {
  const auto read = second_of(to_text(sample()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->number, 7U);
  EXPECT_EQ(read->counters.delivered, 100U);
  EXPECT_EQ(read->counters.recipients_given_up, 4U);
  EXPECT_EQ(read->errors, sample().errors);
  EXPECT_EQ(read->latest_error, "451 4.3.0 Try again");
  EXPECT_EQ(read->sessions_open, 3U);
  EXPECT_EQ(read->in_flight, 2U);
  EXPECT_EQ(read->waiting, 1U);
  EXPECT_EQ(read->intended.count(), 2U);
  EXPECT_EQ(read->intended.percentile(1), sample().intended.percentile(1));
}

TEST(SecondText, MayBeOfASecondInWhichNothingHappened) {
  const auto read = second_of(to_text({}));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->idle());
}

TEST(SecondText, IsNothingWhenItIsCut) {
  const std::string text = to_text(sample());
  const std::size_t least = text.rfind("451") - 1;
  for (std::size_t size = 0; size < least; ++size) {
    EXPECT_FALSE(second_of(std::string_view(text).substr(0, size))) << size;
  }
  EXPECT_FALSE(second_of("x" + text));
}

}  // namespace
}  // namespace millrace::fleet
