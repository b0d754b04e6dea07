#include "sink/rules.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;

TEST(Delay, WithoutOddsIsOneStep) {
  std::mt19937 random(1);
  EXPECT_EQ((Delay{.step = 250ms}).draw(random), 250ms);
}

// A further step for each roll of 0 to 99 below the odds: geometric, so of 10,000 draws some
// 10,000 * odds / (100 - odds) steps, and nothing between them.
TEST(Delay, WithOddsIsARandomMultipleOfTheStep) {
  for (const int odds : {1, 30, 50, 90}) {
    std::mt19937 random(7);
    const Delay delay{.step = 3ms, .odds = odds};
    std::int64_t steps = 0;
    int none = 0;
    for (int draw = 0; draw < 10'000; ++draw) {
      const Duration length = delay.draw(random);
      ASSERT_EQ(length % Duration(3ms), Duration::zero());
      steps += length / Duration(3ms);
      none += length == Duration::zero() ? 1 : 0;
    }
    const double expected = 10'000.0 * odds / (100 - odds);
    EXPECT_NEAR(static_cast<double>(steps), expected, 0.1 * expected + 40) << odds;
    EXPECT_NEAR(none, 100 * (100 - odds), 150) << odds;
  }
}

TEST(Rule, TheStrongerActionHoldsWhateverTheOrder) {
  using Action = Rule::Action;
  Rule rule;
  rule.prefer(Action::farewell);
  rule.prefer(Action::soft_reject);
  EXPECT_EQ(rule.action, Action::farewell);
  rule.prefer(Action::drop);
  rule.prefer(Action::hard_reject);
  EXPECT_EQ(rule.action, Action::drop);
}

}  // namespace
}  // namespace millrace::sink
