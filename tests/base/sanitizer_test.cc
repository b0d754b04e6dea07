// That what the sanitizers find ends the program, with the status that base/sanitizer.cc gives it.
// Built where AddressSanitizer is asked for (tests/CMakeLists.txt).
#include "base/sanitizer.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>

namespace millrace {
namespace {

constexpr int kFound = 99;

class SanitizerDeathTest : public testing::Test {
 protected:
  SanitizerDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(SanitizerDeathTest, EndsAProgramThatTouchesForbiddenBytes) {
  constexpr std::size_t kSize = 64;
  const auto bytes = std::make_unique<char[]>(kSize);
  const volatile char* const first = bytes.get();
  forbid(bytes.get(), kSize);
  EXPECT_EXIT(static_cast<void>(*first), testing::ExitedWithCode(kFound), "use-after-poison");
  permit(bytes.get(), kSize);
  EXPECT_EQ(bytes[0], 0);
}

TEST_F(SanitizerDeathTest, EndsAProgramWhoseNumbersOverflow) {
  volatile int number = std::numeric_limits<int>::max();
  EXPECT_EXIT(number = number + 1, testing::ExitedWithCode(kFound), "signed integer overflow");
}

TEST_F(SanitizerDeathTest, EndsAProgramThatMakesAnIntegerOfWhatIsTooLarge) {
  const volatile double much = 1e300;
  volatile int number = 0;
  EXPECT_EXIT(number = static_cast<int>(much), testing::ExitedWithCode(kFound),
              "outside the range of representable values");
  EXPECT_EQ(static_cast<int>(number), 0);
}

}  // namespace
}  // namespace millrace
