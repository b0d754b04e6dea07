#include "sink/store/append_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
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
  const tests::ScratchDirectory scratch;
  const std::string path = scratch.path("file");
};

int add(AppendFile& file, std::string_view text, bool keep = true) {
  AppendFile::Addition addition(file);
  if (addition.error() != 0) return addition.error();
  const std::string whole = std::string(addition.separator()).append(text);
  int error = addition.write(whole);
  if (error == 0) error = addition.sync();
  if (error == 0 && keep) addition.keep();
  return error;
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
          if (addition.error() != 0 || addition.write(part) != 0) ++failed;
          std::this_thread::yield();
        }
        addition.keep();
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
    EXPECT_EQ(fcntl(file_.descriptor(), F_OFD_SETLKW, &lock_), 0);
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

// Sees who opens a file from here on, for however short a time.
class Openings {
 public:
  explicit Openings(const std::string& path) : path_(path), events_(inotify_init1(IN_CLOEXEC)) {
    EXPECT_GE(inotify_add_watch(events_.descriptor(), path.c_str(), IN_OPEN), 0);
  }
  // Until there was one.
  void wait() const {
    pollfd come{events_.descriptor(), POLLIN, 0};
    EXPECT_EQ(poll(&come, 1, 10'000), 1) << "nobody waits for the lock of " << path_;
  }

 private:
  std::string path_;
  FileDescriptor events_;
};

TEST_P(AppendFileTest, WaitsForTheLockOfOthers) {
  scratch.write("file", "");
  OthersLock others(path);
  AppendFile file(path, GetParam(), false);
  const Openings openings(path);
  std::thread writer([&file] { EXPECT_EQ(add(file, "two\n\n"), 0); });
  openings.wait();
  ASSERT_EQ(write(others.descriptor(), "one\n\n", 5), 5);
  others.give_back();
  writer.join();
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\n");
}

TEST_P(AppendFileTest, IsMadeAnewWhenItWasMovedByWhoLockedIt) {
  scratch.write("file", "one\n\n");
  OthersLock others(path);
  AppendFile file(path, GetParam(), false);
  const Openings openings(path);
  std::thread writer([&file] { EXPECT_EQ(add(file, "two\n\n"), 0); });
  openings.wait();
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

const std::string kOwnHalf = "{\"id\":\"" + std::string(200'000, 'h');

TEST_P(LinesTest, LoseAHalfOneOfASinkAtTheirEnd) {
  AppendFile file(path, Kind::lines, false);
  scratch.write("file", "one\n" + kOwnHalf);
  file.prepare();
  EXPECT_EQ(file_text(path), "one\n");
  scratch.write("file", "one\n" + kOwnHalf);
  EXPECT_EQ(add(file, "two\n"), 0);
  EXPECT_EQ(file_text(path), "one\ntwo\n");
  scratch.write("file", kOwnHalf);
  file.prepare();
  EXPECT_EQ(file_text(path), "");
}

TEST_P(LinesTest, KeepAWholeOneOfASinkThatLostItsEnd) {
  const std::string whole = R"({"id":"1","tls":{"version":"TLSv1.3"}})";
  const std::string half = R"({"id":"1","tls":{"version":"TLSv1.3"})";
  AppendFile file(path, Kind::lines, false);
  scratch.write("file", "one\n" + whole);
  file.prepare();
  EXPECT_EQ(file_text(path), "one\n" + whole + "\n");
  scratch.write("file", "one\n" + half);
  file.prepare();
  EXPECT_EQ(file_text(path), "one\n");
}

TEST_P(LinesTest, GetTheEndThatTheLastOneOfOthersLacks) {
  AppendFile file(path, Kind::lines, false);
  const std::string longer = "{\"mine\":1}\n" + std::string(100'000, 'x');
  for (const std::string& before : {std::string("{\"mine\":1}\n{\"mine\":2}"),
                                    std::string("{\"id\":7}"), std::string("x"), longer}) {
    scratch.write("file", before);
    file.put_right(getpid());
    EXPECT_EQ(file_text(path), before);
    EXPECT_EQ(add(file, "two\n"), 0);
    EXPECT_EQ(file_text(path), before + "\ntwo\n");
    scratch.write("file", before);
    file.prepare();
    EXPECT_EQ(file_text(path), before + "\n");
  }
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

TEST_P(MailboxTest, IsMadeAnewWhenItWasMovedByWhoHasItsLockFile) {
  scratch.write("file", "one\n\n");
  const std::string lock = scratch.write("file.lock", "1\n");
  AppendFile file(path, Kind::mailbox, false);
  const Openings openings(path);
  std::thread writer([&file] { EXPECT_EQ(add(file, "two\n\n"), 0); });
  openings.wait();
  ASSERT_EQ(rename(path.c_str(), scratch.path("old").c_str()), 0);
  scratch.write("file", "");
  ASSERT_EQ(unlink(lock.c_str()), 0);
  writer.join();
  EXPECT_EQ(file_text(path), "two\n\n");
  EXPECT_EQ(file_text(scratch.path("old")), "one\n\n");
}

// Who has the lock file may need the other lock to come to its end.
TEST_P(MailboxTest, IsNotLockedByWhoWaitsForItsLockFile) {
  scratch.write("file", "one\n\n");
  const std::string lock = scratch.write("file.lock", "1\n");
  AppendFile file(path, Kind::mailbox, false);
  const Openings openings(path);
  std::thread writer([&file] { EXPECT_EQ(add(file, "two\n\n"), 0); });
  openings.wait();
  { const OthersLock others(path); }
  ASSERT_EQ(unlink(lock.c_str()), 0);
  writer.join();
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\n");
}

// Of a process that is dead. Returns its number.
pid_t dead_process() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  return child;
}

std::string lock_text(pid_t process) { return std::to_string(process) + "\nsmtp-sink\n"; }

TEST_P(MailboxTest, IsWholeWhateverALockFileSays) {
  const std::string text = "From a Thu Jan  1 00:00:00 1970\n\nprecious\n\n";
  scratch.write("file", text);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  const std::string lock =
      scratch.write("file.lock", std::to_string(dead_process()) + "\nsmtp-sink " +
                                     std::to_string(status.st_ino) + " 0\n");
  AppendFile file(path, Kind::mailbox, false, kShort);
  EXPECT_THROW(file.prepare(), Fatal);
  EXPECT_EQ(add(file, "two\n\n"), EAGAIN);
  file.put_right(getpid());
  EXPECT_EQ(file_text(path), text);
}

TEST_P(MailboxTest, IsNotWaitedForWhereItsLockIsOfADeadSink) {
  scratch.write("file.lock", lock_text(dead_process()));
  AppendFile file(path, Kind::mailbox, false, kShort);
  EXPECT_EQ(add(file, "one\n\n"), 0);
  EXPECT_EQ(file_text(path), "one\n\n");
  EXPECT_EQ(names_in(scratch.path()), std::vector<std::string>{"file"});
}

TEST_P(MailboxTest, IsNotWaitedForWhereADeadSinkDidNotGetRoundToItsLock) {
  const std::string owner = std::to_string(dead_process());
  const std::string first = scratch.write("file.lock." + owner, owner + "\nsmtp-sink\n");
  std::filesystem::create_hard_link(first, scratch.path("file.lock"));
  AppendFile file(path, Kind::mailbox, false, kShort);
  EXPECT_EQ(add(file, "one\n\n"), 0);
  EXPECT_EQ(names_in(scratch.path()), std::vector<std::string>{"file"});
  scratch.write("file.lock." + owner, "");
  file.put_right(std::stoi(owner));
  EXPECT_EQ(names_in(scratch.path()), std::vector<std::string>{"file"});
}

// The sink is dead, and its guard is not through.
TEST_P(MailboxTest, IsWaitedForAsLongAsAGuardIsThere) {
  AppendFile dead(path, Kind::mailbox, false);
  dead.set_guard(getppid());
  const pid_t child = fork();
  if (child == 0) {
    AppendFile::Addition addition(dead);
    _exit(addition.write("half"));
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  AppendFile file(path, Kind::mailbox, false, kShort);
  EXPECT_EQ(add(file, "one\n\n"), EAGAIN);
  dead.put_right(getppid());
  EXPECT_EQ(add(file, "one\n\n"), 0);
  EXPECT_EQ(file_text(path), "one\n\n");
}

TEST_P(MailboxTest, IsWaitedForWhereItsLockIsOfAnyoneElse) {
  AppendFile file(path, Kind::mailbox, false, kShort);
  const std::string lock = scratch.path("file.lock");
  const std::string other = scratch.write("other", lock_text(dead_process()));
  scratch.write("file.lock", lock_text(getpid()));  // it lives
  EXPECT_EQ(add(file, "one\n\n"), EAGAIN);
  unlink(lock.c_str());
  std::filesystem::create_hard_link(other, lock);
  EXPECT_EQ(add(file, "one\n\n"), EAGAIN);
  unlink(lock.c_str());
  std::filesystem::create_symlink(other, lock);
  EXPECT_EQ(add(file, "one\n\n"), EAGAIN);
  unlink(lock.c_str());
  if (geteuid() != 0) return;
  scratch.write("file.lock", lock_text(dead_process()));
  ASSERT_EQ(chown(lock.c_str(), 1, 1), 0);
  EXPECT_EQ(add(file, "one\n\n"), EAGAIN);
}

TEST_P(MailboxTest, KeepsTheLockThatIsNoLongerItsOwn) {
  AppendFile file(path, Kind::mailbox, false);
  {
    AppendFile::Addition addition(file);
    ASSERT_EQ(addition.write("one\n\n"), 0);
    unlink(scratch.path("file.lock").c_str());
    scratch.write("file.lock", "1\n");
    addition.keep();
  }
  EXPECT_EQ(file_text(path), "one\n\n");
  EXPECT_EQ(file_text(scratch.path("file.lock")), "1\n");
}

TEST_P(AppendFileTest, LosesNothingThatOthersWroteWhoDidNotWait) {
  scratch.write("file", "one\n\n");
  AppendFile file(path, GetParam(), false);
  {
    AppendFile::Addition addition(file);
    ASSERT_EQ(addition.write("two\n\n"), 0);
    const FileDescriptor others(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    ASSERT_EQ(write_all(others.descriptor(), "three\n\n"), 0);
  }
  EXPECT_EQ(file_text(path), "one\n\ntwo\n\nthree\n\n");
}

// A child writes, and dies in the middle of it; `others`: what is appended then.
class Died {
 public:
  Died(AppendFile& file, std::string_view text, const std::string& path, std::string_view others) {
    const pid_t child = fork();
    if (child == 0) {
      AppendFile::Addition addition(file);
      addition.write(text);
      _exit(0);
    }
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    const FileDescriptor opened(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    EXPECT_EQ(write_all(opened.descriptor(), others), 0);
    file.put_right(getpid());
  }
};

TEST_P(AppendFileTest, IsCutBackByTheGuardOfAWriterThatDied) {
  AppendFile file(path, GetParam(), false);
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{600'000}}) {
    scratch.write("file", "one\n\n");
    const Died died(file, std::string(size, 'x'), path, "");
    EXPECT_EQ(file_text(path), "one\n\n");
    EXPECT_EQ(names_in(scratch.path()), std::vector<std::string>{"file"});
  }
}

TEST_P(AppendFileTest, IsLeftByTheGuardAsItIsWhereOthersWroteSince) {
  AppendFile file(path, GetParam(), false);
  for (const std::string_view others : {"y", "y\n\n"}) {
    scratch.write("file", "one\n\n");
    const Died died(file, "xxx", path, others);
    EXPECT_EQ(file_text(path), std::string("one\n\nxxx").append(others));
    EXPECT_EQ(names_in(scratch.path()), std::vector<std::string>{"file"});
  }
}

// What is longer was written there before: it is in what the guard knows, but not of this message.
TEST_P(AppendFileTest, IsLeftByTheGuardWhereOthersWroteWhatLooksAlike) {
  AppendFile file(path, GetParam(), false);
  EXPECT_EQ(add(file, "xxxxxx\n\n"), 0);
  const Died died(file, "xxx", path, "xxx");
  EXPECT_EQ(file_text(path), "xxxxxx\n\nxxxxxx");
}

TEST_P(AppendFileTest, IsLeftByTheGuardWhereOthersWroteInPlaceOfTheRest) {
  AppendFile file(path, GetParam(), false);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{.rlim_cur = 10, .rlim_max = 10};
    setrlimit(RLIMIT_FSIZE, &small);
    AppendFile::Addition addition(file);
    _exit(addition.write(std::string(100, 'x')));
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(file_text(path), std::string(10, 'x'));
  FileDescriptor others(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ASSERT_EQ(write_all(others.descriptor(), "y\n\n"), 0);
  file.put_right(getpid());
  EXPECT_EQ(file_text(path), std::string(10, 'x') + "y\n\n");
}

TEST_P(AppendFileTest, IsNotWaitedForLongerByWhoIsBehindOthers) {
  scratch.write("file", "one\n\n");
  AppendFile file(path, GetParam(), false, kShort);
  const AppendFile::Addition first(file);
  EXPECT_EQ(first.error(), 0);
  std::thread([&file] { EXPECT_EQ(add(file, "two\n\n"), EAGAIN); }).join();
}

TEST_P(AppendFileTest, MayBeAPipeWithoutAReader) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  signal(SIGPIPE, SIG_IGN);
  AppendFile file(path, GetParam(), kSync);
  file.prepare();
  EXPECT_EQ(add(file, "one\n\n"), ENXIO);
  FileDescriptor reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(add(file, "two\n\n"), 0);
  std::string text(5, '\0');
  EXPECT_EQ(read(reader.descriptor(), text.data(), text.size()), 5);
  EXPECT_EQ(text, "two\n\n");
  AppendFile::Addition addition(file);
  reader = FileDescriptor();
  EXPECT_EQ(addition.write("three\n\n"), EPIPE);
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
