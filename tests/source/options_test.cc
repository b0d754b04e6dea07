#include "source/options.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

TEST(SourceOptions, AConnectionIsForOneMessageUnlessItIsKept) {
  SourceOptions options;
  EXPECT_FALSE(options.may_reuse(0));
  EXPECT_FALSE(options.may_go_on(0));
  options.keep_session = true;
  EXPECT_TRUE(options.may_reuse(1'000'000));
  EXPECT_TRUE(options.may_go_on(1'000'000));
}

TEST(SourceOptions, AKeptConnectionCarriesNoMoreThanItsLimit) {
  SourceOptions options;
  options.keep_session = true;
  options.session_messages = 3;
  EXPECT_TRUE(options.may_reuse(2));
  EXPECT_TRUE(options.may_go_on(2));
  EXPECT_FALSE(options.may_reuse(3));
  EXPECT_FALSE(options.may_go_on(3));
}

TEST(SourceOptions, WithPausesOneMessageIsOverBeforeTheNext) {
  SourceOptions options;
  options.keep_session = true;
  options.pause.length = Constant{1e9};
  EXPECT_TRUE(options.may_reuse(1));
  EXPECT_FALSE(options.may_go_on(1));
}

TEST(Pause, IsOfItsLengthOrOfAnyUpToIt) {
  Roll roll(1);
  const Pause fixed{.length = Constant{1e9}};
  EXPECT_EQ(fixed.draw(roll), 1s);
  const Pause random{.length = Uniform{.least = 0, .most = 1e9}};
  Duration least = 1s;
  Duration most = 0s;
  for (int i = 0; i < 1'000; ++i) {
    const Duration length = random.draw(roll);
    least = std::min(least, length);
    most = std::max(most, length);
  }
  EXPECT_LT(least, 10ms);
  EXPECT_GT(most, 990ms);
}

}  // namespace
}  // namespace millrace::source
