#include "base/ready.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <string>

namespace millrace {
namespace {

using namespace std::chrono_literals;

// A terminal that nobody reads, and what it is read from.
struct Terminal {
  Terminal() {
    EXPECT_GE(reader, 0);
    EXPECT_EQ(grantpt(reader), 0);
    EXPECT_EQ(unlockpt(reader), 0);
    // So that a write that would wait comes back.
    writer = open(ptsname(reader), O_RDWR | O_NOCTTY | O_NONBLOCK);
    EXPECT_GE(writer, 0);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    close(writer);
    close(reader);
  }

  int reader = posix_openpt(O_RDWR | O_NOCTTY);
  int writer = -1;
};

TEST(Ready, APieceIsTakenWholeHoweverFullATerminalIs) {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const Terminal terminal;
    std::uniform_int_distribution<std::size_t> length(0, 300);
    std::string lines;
    for (int line = 0; line < 1'000; ++line) lines += std::string(length(random), 'x') + '\n';
    std::string_view left = lines;
    while (ready_for_output(terminal.writer, 5ms)) {
      const std::string_view piece = ready_piece(left);
      ASSERT_EQ(write(terminal.writer, piece.data(), piece.size()),
                static_cast<ssize_t>(piece.size()));
      left.remove_prefix(piece.size());
      ASSERT_FALSE(left.empty());
    }
    EXPECT_GT(left.data() - lines.data(), 4'000);  // it is full
  }
}

TEST(Ready, PiecesEndWhereALineDoes) {
  const std::string text = "one\n\n" + std::string(300, 'x');
  EXPECT_EQ(ready_piece(text), "one");
  EXPECT_EQ(ready_piece(text.substr(3)), "\n");
  EXPECT_EQ(ready_piece(text.substr(4)), "\n");
  EXPECT_EQ(ready_piece(text.substr(5)), std::string(256, 'x'));
  EXPECT_EQ(ready_piece("x"), "x");
  EXPECT_EQ(ready_piece(""), "");
}

}  // namespace
}  // namespace millrace
