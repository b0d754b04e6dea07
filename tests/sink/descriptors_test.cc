#include "sink/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "net/socket.h"

namespace millrace::sink {
namespace {

TEST(AffordableSessions, LeaveRoomForWhatIsOpenForThreadsAndForFiles) {
  SinkOptions options;
  const std::size_t plain = affordable_sessions(1'000, options);
  EXPECT_LT(plain, 1'000U - 3);
  EXPECT_GT(plain, 900U);
  options.threads = 65;
  EXPECT_EQ(affordable_sessions(1'000, options), plain - 64);
  options.threads = 1;
  options.answers.emplace();
  EXPECT_EQ(affordable_sessions(1'000, options), plain - 2);
  options.answers.reset();
  {
    const FileDescriptor open_one(open("/", O_PATH | O_CLOEXEC));
    const FileDescriptor open_two(open("/", O_PATH | O_CLOEXEC));
    EXPECT_EQ(affordable_sessions(1'000, options), plain - 2);
  }
  for (const auto mode : {CaptureOptions::Mode::append, CaptureOptions::Mode::file_per_message}) {
    options.capture.mode = mode;
    EXPECT_EQ(affordable_sessions(1'000, options), plain / 2);
  }
  options.capture.mode = CaptureOptions::Mode::off;
  options.stores.targets.resize(2);
  options.threads = 4;  // with three each, besides their own
  EXPECT_EQ(affordable_sessions(1'000, options), (plain - 3 - 4 * 3) / 2);
}

TEST(AffordableSessions, AreOneAtLeast) { EXPECT_EQ(affordable_sessions(5, SinkOptions()), 1U); }

TEST(SessionLimit, IsWhatWasAskedForWithAWordIfItIsTooMuch) {
  SinkOptions options;
  options.session_limit = 5;
  testing::internal::CaptureStderr();
  EXPECT_EQ(session_limit(1'000, options), 5U);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  options.session_limit = 5'000;
  testing::internal::CaptureStderr();
  EXPECT_EQ(session_limit(1'000, options), 5'000U);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("5000 sessions (-m) are more than the "), std::string::npos) << said;
  EXPECT_NE(said.find("that 1000 open files are enough for"), std::string::npos) << said;
}

}  // namespace
}  // namespace millrace::sink
