#include "base/counter_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace millrace {
namespace {

// Standard output as a pipe that is full. While it lives nothing may be expected: that would be
// written to it.
class FullOutput {
 public:
  FullOutput() {
    std::fflush(stdout);
    if (pipe(ends_.data()) != 0) return;
    dup2(ends_[1], STDOUT_FILENO);
    filling_.resize(static_cast<std::size_t>(fcntl(ends_[1], F_GETPIPE_SZ)), 'x');
    full_ = write(ends_[1], filling_.data(), filling_.size()) == std::ssize(filling_);
  }
  FullOutput(const FullOutput&) = delete;
  FullOutput& operator=(const FullOutput&) = delete;
  ~FullOutput() {
    dup2(kept_, STDOUT_FILENO);
    for (const int descriptor : {kept_, ends_[0], ends_[1]}) close(descriptor);
  }

  // Makes room; returns whether it had been full, of nothing else.
  bool empty() {
    std::string got(filling_.size(), '\0');
    return full_ && ::read(ends_[0], got.data(), got.size()) == std::ssize(got) && got == filling_;
  }
  // What has been written since.
  std::string read() {
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    std::array<char, 16> got{};
    const ssize_t length = ::read(ends_[0], got.data(), got.size());
    return length > 0 ? std::string(got.data(), static_cast<std::size_t>(length)) : "";
  }

 private:
  const int kept_ = dup(STDOUT_FILENO);
  std::array<int, 2> ends_{-1, -1};
  std::string filling_;
  bool full_ = false;
};

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
  bool emptied = false;
  std::string got;
  {
    FullOutput output;
    CounterLine line("0");
    line.show("1");  // would wait for ever
    line.end("1");   // as would this
    emptied = output.empty();
    line.show("2");
    got = output.read();
  }
  EXPECT_TRUE(emptied);
  EXPECT_EQ(got, "2\r");
}

// Tried again, should the machine stand still for the second that the reader has.
TEST(CounterLine, AReaderHasAMomentToMakeRoomForTheLastOne) {
  std::string got;
  for (int attempt = 0; attempt < 5 && got.empty(); ++attempt) {
    FullOutput output;
    std::thread reader([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      output.empty();
    });
    CounterLine("0").end("3");
    reader.join();
    got = output.read();
  }
  EXPECT_EQ(got, "3\r");
}

}  // namespace
}  // namespace millrace
