#include "sink/store/append_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/diagnostics.h"
#include "failing_call.h"
#include "kept_messages.h"
#include "scratch_directory.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

using Kind = AppendFile::Kind;
using test::file_text;
using test::names_in;

constexpr bool kSync = true;
constexpr std::chrono::milliseconds kShort{20};

class AppendFileTest : public testing::TestWithParam<Kind> {
 protected:
  // What a sink that was killed left of a mailbox that had so many bytes.
  void leave_lock(const std::string& mailbox, off_t size) const {
    struct stat status {};
    EXPECT_EQ(stat(mailbox.c_str(), &status), 0);
    scratch.write("file.lock", "4711\nsmtp-sink " + std::to_string(status.st_ino) + " " +
                                   std::to_string(size) + "\n");
  }

  const tests::ScratchDirectory scratch;
  const std::string path = scratch.path("file");
};

int add(AppendFile& file, std::string_view text, bool keep = true) {
  AppendFile::Addition addition(file);
  if (addition.error() != 0) return addition.error();
  const std::string whole = std::string(addition.separator()).append(text);
  int error = write_all(addition.descriptor(), whole);
  if (error == 0) error = addition.sync();
  return error == 0 && keep ? addition.keep() : error;
}

INSTANTIATE_TEST_SUITE_P(Kinds, AppendFileTest, testing::Values(Kind::lines, Kind::mailbox));

TEST_P(AppendFileTest, GrowsByWhatIsKept) {
  for (const bool sync : {false, true}) {
    AppendFile file(path, GetParam(), sync);
    file.prepare();
    EXPECT_EQ(add(file, "one\n\n"), 0);
    EXPECT_EQ(add(file, "gone\n\n", false), 0);
    EXPECT_EQ(add(file, "two\n\n"), 0);
    EXPECT_EQ(file_text(path), "one\n\ntwo\n\n");
    EXPECT_EQ(names_in(scratch.path()), std::vector<std::string>{"file"});
    unlink(path.c_str());
  }
}

TEST_P(AppendFileTest, IsMadeAnewWhenItWasMoved) {
  AppendFile file(path, GetParam(), false);
  file.prepare();
  EXPECT_EQ(add(file, "one\n\n"), 0);
  ASSERT_EQ(rename(path.c_str(), scratch.path("old").c_str()), 0);
  EXPECT_EQ(add(file, "two\n\n"), 0);
  EXPECT_EQ(file_text(path), "two\n\n");
  EXPECT_EQ(file_text(scratch.path("old")), "one\n\n");
}

TEST_P(AppendFileTest, LetsNoTwoWriteAtOnce) {
  AppendFile one(path, GetParam(), false);
  AppendFile other(path, GetParam(), false);  // as another process has it
  one.prepare();
  constexpr int kTimes = 100;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (AppendFile* const file : {&one, &one, &other}) {
    threads.emplace_back([file, &failed] {
      for (int time = 0; time < kTimes; ++time) {
        AppendFile::Addition addition(*file);
        for (const char* const part : {"a", "b", "\n\n"}) {
          if (addition.error() != 0 || write_all(addition.descriptor(), part) != 0) ++failed;
          std::this_thread::yield();
        }
        if (addition.error() != 0 || addition.keep() != 0) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  std::string wanted;
  for (int time = 0; time < 3 * kTimes; ++time) wanted += "ab\n\n";
  EXPECT_EQ(file_text(path), wanted);
}

// A child, since the limit is the process's.
TEST_P(AppendFileTest, IsAsItWasWhereItFindsNoRoom) {
  scratch.write("file", "one\n\n");
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{.rlim_cur = 100, .rlim_max = 100};
    setrlimit(RLIMIT_FSIZE, &small);
    AppendFile file(path, GetParam(), false);
    const bool refused = add(file, std::string(150, 'x') + "\n\n") == EFBIG;
    const bool goes_on = add(file, "two\n\n") == 0;
    _exit(refused && goes_on ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\n");
  EXPECT_EQ(names_in(scratch.path()), std::vector<std::string>{"file"});
}

TEST_P(AppendFileTest, IsOnTheDiskWhereThatIsAskedFor) {
  scratch.write("file", "one\n\n");
  for (const unsigned call : {SYS_fdatasync, SYS_fsync}) {
    EXPECT_TRUE(test::holds_where_call_fails(call, EIO, [&] {
      AppendFile file(path, GetParam(), false);
      return add(file, "two\n\n") == 0;
    }));
  }
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\ntwo\n\n");
  EXPECT_TRUE(test::holds_where_call_fails(SYS_fdatasync, EIO, [&] {
    AppendFile file(path, GetParam(), kSync);
    return add(file, "three\n\n") == EIO;
  }));
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\ntwo\n\n");
  // And so is the name of a new file, and that the lock file is gone.
  unlink(path.c_str());
  EXPECT_TRUE(test::holds_where_call_fails(SYS_fsync, EIO, [&] {
    AppendFile file(path, GetParam(), kSync);
    return add(file, "one\n\n") == EIO;
  }));
  EXPECT_EQ(file_text(path), "");
}

TEST_P(AppendFileTest, MayBeNoFile) {
  AppendFile null("/dev/null", GetParam(), kSync);
  null.prepare();
  EXPECT_EQ(add(null, "x\n\n"), 0);
  AppendFile full("/dev/full", GetParam(), kSync);
  EXPECT_EQ(add(full, "x\n\n"), ENOSPC);
  EXPECT_THROW(AppendFile("/proc/no/file", GetParam(), false).prepare(), Fatal);
}

// A lock as another program holds it.
class OthersLock {
 public:
  explicit OthersLock(const std::string& path) : file_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    EXPECT_EQ(fcntl(file_.descriptor(), F_OFD_SETLK, &lock_), 0);
  }
  void give_back() {
    lock_.l_type = F_UNLCK;
    EXPECT_EQ(fcntl(file_.descriptor(), F_OFD_SETLK, &lock_), 0);
  }
  [[nodiscard]] int descriptor() const { return file_.descriptor(); }

 private:
  FileDescriptor file_;
  struct flock lock_ {
    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0
  };
};

// Until somebody else in this process has the file open.
void wait_for_opening(const std::string& path) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < limit) {
    int opened = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(entry, gone) == path) ++opened;
    }
    if (opened > 1) return;
    std::this_thread::yield();
  }
  ADD_FAILURE() << "nobody waits for the lock of " << path;
}

TEST_P(AppendFileTest, WaitsForTheLockOfOthers) {
  scratch.write("file", "");
  OthersLock others(path);
  AppendFile file(path, GetParam(), false);
  std::thread writer([&file] { EXPECT_EQ(add(file, "two\n\n"), 0); });
  wait_for_opening(path);
  ASSERT_EQ(write(others.descriptor(), "one\n\n", 5), 5);
  others.give_back();
  writer.join();
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\n");
}

TEST_P(AppendFileTest, IsMadeAnewWhenItWasMovedByWhoLockedIt) {
  scratch.write("file", "one\n\n");
  OthersLock others(path);
  AppendFile file(path, GetParam(), false);
  std::thread writer([&file] { EXPECT_EQ(add(file, "two\n\n"), 0); });
  wait_for_opening(path);
  ASSERT_EQ(rename(path.c_str(), scratch.path("old").c_str()), 0);
  scratch.write("file", "");
  others.give_back();
  writer.join();
  EXPECT_EQ(file_text(path), "two\n\n");
  EXPECT_EQ(file_text(scratch.path("old")), "one\n\n");
}

TEST_P(AppendFileTest, IsNotWrittenToWithoutItsLock) {
  scratch.write("file", "one\n\n");
  const OthersLock others(path);
  AppendFile file(path, GetParam(), false, kShort);
  EXPECT_EQ(add(file, "two\n\n"), EAGAIN);
  EXPECT_EQ(file_text(path), "one\n\n");
}

using LinesTest = AppendFileTest;
INSTANTIATE_TEST_SUITE_P(Lines, LinesTest, testing::Values(Kind::lines));

TEST_P(LinesTest, LoseAHalfOneAtTheirEnd) {
  const std::string half(200'000, 'h');
  AppendFile file(path, Kind::lines, false);
  scratch.write("file", "one\n" + half);
  file.prepare();
  EXPECT_EQ(file_text(path), "one\n");
  scratch.write("file", "one\n" + half);
  file.put_right();
  EXPECT_EQ(file_text(path), "one\n");
  scratch.write("file", "one\n" + half);
  EXPECT_EQ(add(file, "two\n"), 0);
  EXPECT_EQ(file_text(path), "one\ntwo\n");
  scratch.write("file", half);
  file.put_right();
  EXPECT_EQ(file_text(path), "");
  scratch.write("file", "one\ntwo\n");
  file.put_right();
  EXPECT_EQ(file_text(path), "one\ntwo\n");
}

using MailboxTest = AppendFileTest;
INSTANTIATE_TEST_SUITE_P(Mailbox, MailboxTest, testing::Values(Kind::mailbox));

TEST_P(MailboxTest, GetsTheEmptyLineThatEndsItsLastMessage) {
  AppendFile file(path, Kind::mailbox, false);
  for (const std::string_view before : {"x", "x\n", "x\n\n"}) {
    scratch.write("file", before);
    EXPECT_EQ(add(file, "two\n\n"), 0);
    EXPECT_EQ(file_text(path), "x\n\ntwo\n\n");
  }
}

TEST_P(MailboxTest, IsCutBackToWhatItWasForAWriterThatDied) {
  const std::string torn = "one\n\ntorn\n\nhalf";
  AppendFile file(path, Kind::mailbox, false);
  scratch.write("file", torn);
  leave_lock(path, 5);
  file.prepare();
  EXPECT_EQ(file_text(path), "one\n\n");
  scratch.write("file", torn);
  leave_lock(path, 5);
  EXPECT_EQ(add(file, "two\n\n"), 0);
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\n");
  scratch.write("file", torn);
  leave_lock(path, 5);
  file.put_right();
  EXPECT_EQ(file_text(path), "one\n\n");
  EXPECT_EQ(names_in(scratch.path()), std::vector<std::string>{"file"});
}

TEST_P(MailboxTest, IsLeftAloneByTheLockOfAnotherOne) {
  scratch.write("other", "");
  leave_lock(scratch.path("other"), 0);
  scratch.write("file", "one\n\n");
  AppendFile file(path, Kind::mailbox, false);
  file.put_right();
  EXPECT_EQ(file_text(path), "one\n\n");
  EXPECT_EQ(names_in(scratch.path()), (std::vector<std::string>{"file", "file.lock", "other"}));
}

TEST_P(MailboxTest, WaitsForTheLockFileOfOthersUnlessItIsOld) {
  const std::string lock = scratch.write("file.lock", "1\n");
  AppendFile file(path, Kind::mailbox, false);
  std::thread writer([&file] { EXPECT_EQ(add(file, "one\n\n"), 0); });
  while (access(path.c_str(), F_OK) != 0) std::this_thread::yield();
  EXPECT_EQ(file_text(path), "");
  unlink(lock.c_str());
  writer.join();
  EXPECT_EQ(file_text(path), "one\n\n");
  scratch.write("file.lock", "1\n");
  const utimbuf old{.actime = 1, .modtime = 1};
  utime(lock.c_str(), &old);
  EXPECT_EQ(add(file, "two\n\n"), 0);
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\n");
}

TEST_P(MailboxTest, RefusesWhatItHasNoLockFor) {
  scratch.write("file", "one\n\n");
  scratch.write("file.lock", "1\n");
  AppendFile file(path, Kind::mailbox, false, kShort);
  EXPECT_EQ(add(file, "two\n\n"), EAGAIN);
  EXPECT_EQ(file_text(path), "one\n\n");
  EXPECT_EQ(file_text(scratch.path("file.lock")), "1\n");
}

}  // namespace
}  // namespace millrace::sink
