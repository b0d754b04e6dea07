#include "http/client_threads.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <new>

#include "base/sanitizer.h"
#include "failing_call.h"

namespace millrace::http {
namespace {

FileDescriptor anything() { return FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(ClientThreads, AClientThatFailsIsClosedCountedAndToldOnce) {
  std::atomic<int> served = 0;
  ClientThreads clients([&served](const FileDescriptor& /*socket*/) {
    if (served++ < 2) throw std::bad_alloc();
  });
  testing::internal::CaptureStderr();
  for (int number = 0; number < 3; ++number) {
    FileDescriptor socket = anything();
    EXPECT_TRUE(clients.begin(socket));
    EXPECT_FALSE(socket.valid());
    while (clients.count() > 0) continue;
  }
  EXPECT_EQ(clients.failed(), 2U);
  EXPECT_EQ(served, 3);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "millrace: warning: HTTP: a client could not be served: std::bad_alloc\n");
}

TEST(ClientThreads, WithoutAThreadTheCallerKeepsItsClient) {
  if (kSanitized) GTEST_SKIP() << "what begins a thread is not the system alone";
  EXPECT_TRUE(test::holds_where_call_fails(SYS_clone3, EAGAIN, [] {
    ClientThreads clients([](const FileDescriptor& /*socket*/) {});
    FileDescriptor socket = anything();
    return !clients.begin(socket) && socket.valid() && clients.failed() == 1 &&
           clients.count() == 0;
  }));
}

TEST(ClientThreads, WaitsForThoseThatAreThere) {
  std::atomic<int> over = 0;
  {
    ClientThreads clients([&over](const FileDescriptor& /*socket*/) { ++over; });
    for (int number = 0; number < 3; ++number) {
      FileDescriptor socket = anything();
      EXPECT_TRUE(clients.begin(socket));
    }
  }
  EXPECT_EQ(over, 3);
}

}  // namespace
}  // namespace millrace::http
