#include "base/file_descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>

namespace millrace {
namespace {

bool open_now(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

TEST(FileDescriptor, IsClosedWithItsOwner) {
  int number = -1;
  {
    FileDescriptor owner(open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = owner.descriptor();
    FileDescriptor next;
    EXPECT_FALSE(next.valid());
    next = std::move(owner);
    EXPECT_TRUE(next.valid());
    EXPECT_TRUE(open_now(number));
  }
  EXPECT_FALSE(open_now(number));
}

// A program may be started without a standard input: the next file has its number.
TEST(FileDescriptor, MayBeNought) {
  const int kept = dup(STDIN_FILENO);
  close(STDIN_FILENO);
  {
    const FileDescriptor owner(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(owner.descriptor(), 0);
  }
  EXPECT_FALSE(open_now(0));
  dup2(kept, STDIN_FILENO);
  close(kept);
}

}  // namespace
}  // namespace millrace
