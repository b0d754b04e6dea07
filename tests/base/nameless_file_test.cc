#include "base/nameless_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "scratch_directory.h"

namespace millrace {
namespace {

TEST(NamelessFile, IsWrittenAndReadAndNobodySeesIt) {
  const tests::ScratchDirectory scratch;
  const FileDescriptor file = nameless_file(scratch.path());
  ASSERT_TRUE(file.valid());
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
  ASSERT_EQ(write(file.descriptor(), "text", 4), 4);
  std::array<char, 5> read{};
  EXPECT_EQ(pread(file.descriptor(), read.data(), read.size(), 0), 4);
  EXPECT_STREQ(read.data(), "text");
  struct stat facts {};
  ASSERT_EQ(fstat(file.descriptor(), &facts), 0);
  EXPECT_EQ(facts.st_nlink, 0U);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  EXPECT_NE(fcntl(file.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(NamelessFile, WhereNoneCanBeErrnoSaysWhy) {
  const tests::ScratchDirectory scratch;
  EXPECT_FALSE(nameless_file(scratch.path() + "/none").valid());
  EXPECT_EQ(errno, ENOENT);
}

TEST(NamelessFile, TheDirectoryIsThatOfTheEnvironmentWhereItNamesOne) {
  const char* const before = getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/somewhere", 1);
  EXPECT_EQ(directory_for_temporary_files(), "/somewhere");
  setenv("TMPDIR", "", 1);
  EXPECT_EQ(directory_for_temporary_files(), "/var/tmp");
  unsetenv("TMPDIR");
  EXPECT_EQ(directory_for_temporary_files(), "/var/tmp");
  if (before != nullptr) setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace millrace
