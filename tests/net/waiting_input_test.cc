#include "net/waiting_input.h"

#include <gtest/gtest.h>

namespace millrace::net {
namespace {

TEST(WaitingInput, IsTakenFromItsFront) {
  WaitingInput waiting;
  EXPECT_TRUE(waiting.empty());
  waiting.append("abcdef");
  waiting.take(2);
  EXPECT_EQ(waiting.view(), "cdef");
  waiting.append("gh");
  waiting.take(3);
  EXPECT_EQ(waiting.view(), "fgh");
  EXPECT_EQ(waiting.take_all(), "fgh");
  waiting.take(3);  // of nothing
  EXPECT_TRUE(waiting.empty());
}

TEST(WaitingInput, GivesItsMemoryBackWhenAllIsTaken) {
  WaitingInput waiting;
  waiting.append(std::string(1'000'000, 'x'));
  waiting.take(999'999);
  EXPECT_LT(waiting.view().size(), 2U);
  waiting.take(1);
  EXPECT_LT(waiting.storage(), 100U);
}

// A byte at a time, each of which moved all that follows, would be 10^12 bytes moved: minutes.
TEST(WaitingInput, PiecesCostNoMoreThanTheWhole) {
  WaitingInput waiting;
  waiting.append(std::string(2'000'000, 'x'));
  for (std::size_t left = 2'000'000; left > 0; --left) {
    ASSERT_EQ(waiting.view().size(), left);
    waiting.take(1);
  }
}

}  // namespace
}  // namespace millrace::net
