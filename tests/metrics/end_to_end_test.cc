#include "metrics/end_to_end.h"

#include <gtest/gtest.h>

#include <chrono>

#include "metrics/percentile_of_all.h"

namespace millrace::metrics {
namespace {

using namespace std::chrono_literals;

TEST(EndToEnd, HasWhatDidNotArriveBehindTheSlowestThatDid) {
  EndToEnd behind{.asked = 1'000, .accepted = 995, .arrived = 990};
  for (int i = 1; i <= 990; ++i) behind.latency.record(i * 1us);
  EXPECT_EQ(behind.percentile(0.5), behind.latency.percentile(500.0 / 990));
  EXPECT_EQ(behind.percentile(0.99), behind.latency.most());  // the 990th
  EXPECT_FALSE(behind.percentile(0.9901));
  EXPECT_FALSE(behind.percentile(1));
  EXPECT_EQ(behind.not_arrived(), 5U);
  EXPECT_DOUBLE_EQ(behind.missing_share(), 0.01);
  EXPECT_FALSE(EndToEnd{}.percentile(0.5));
  EXPECT_FALSE(EndToEnd{.asked = 1}.percentile(0));
  EXPECT_FALSE(percentile_of_all({}, 0.5, 3, 3)) << "whose latency is not known";
}

TEST(EndToEnd, CountsCopiesOfMessagesThatNoSessionTurnedTo) {
  EndToEnd behind{.asked = 10};
  behind.ask_unbegun(4, 3);  // two and a half each
  EXPECT_EQ(behind.asked, 18U);
  EndToEnd none;
  none.ask_unbegun(0, 7);
  EXPECT_EQ(none.asked, 7U);
  EXPECT_EQ(none.missing_share(), 1);
}

}  // namespace
}  // namespace millrace::metrics
