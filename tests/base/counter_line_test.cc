#include "base/counter_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

namespace millrace {
namespace {

TEST(CounterLine, IsWrittenWhenItChanges) {
  testing::internal::CaptureStdout();
  CounterLine line("0");
  line.show("0");
  line.show("1");
  line.show("1");
  line.show("2");
  line.end("2");
  line.end("3");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "1\r2\r3\r");
}

TEST(CounterLine, DoesNotWaitForAReaderThatDoesNotRead) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const int full = fcntl(ends[1], F_GETPIPE_SZ);
  const std::string filling(static_cast<std::size_t>(full), 'x');
  ASSERT_EQ(write(ends[1], filling.data(), filling.size()), full);
  std::fflush(stdout);
  const int kept = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  CounterLine line("0");
  line.show("1");  // would wait for ever
  line.end("1");   // as would this
  std::string got(static_cast<std::size_t>(full), '\0');
  const bool emptied = read(ends[0], got.data(), got.size()) == full;
  line.show("2");
  dup2(kept, STDOUT_FILENO);
  ASSERT_TRUE(emptied);
  EXPECT_EQ(read(ends[0], got.data(), got.size()), 2);
  EXPECT_EQ(got.substr(0, 2), "2\r");
  for (const int descriptor : {kept, ends[0], ends[1]}) close(descriptor);
}

}  // namespace
}  // namespace millrace
