#include "report/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "base/diagnostics.h"

namespace millrace::report {
namespace {

namespace fs = std::filesystem;
using How = OutputFile::How;

class OutputFileTest : public testing::Test {
 protected:
  static std::size_t descriptors() {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
  }

  OutputFileTest() {
    std::string name = fs::temp_directory_path() / "millrace.XXXXXX";
    directory = mkdtemp(name.data());
    path = directory / "report";
  }
  ~OutputFileTest() override { fs::remove_all(directory); }
  void TearDown() override { EXPECT_EQ(descriptors(), before) << "a descriptor was left open"; }

  static std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

  // The names in the directory.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  // What `action` says is wrong; empty: nothing.
  template <typename Action>
  static std::string failure(Action action) {
    try {
      action();
    } catch (const Fatal& fatal) {
      return fatal.what();
    }
    return {};
  }

  const std::size_t before = descriptors();
  fs::path directory;
  fs::path path;
};

TEST_F(OutputFileTest, HasAnotherNameUntilItIsComplete) {
  std::ofstream(path) << "earlier";
  {
    OutputFile file(path, How::replace);
    OutputFile second(path, How::replace);
    EXPECT_EQ(names().size(), 3U) << "each has a name of its own";
    std::array<char, 256> host{};
    gethostname(host.data(), host.size());
    const std::string own = std::string("report.") + host.data() + '.' + std::to_string(getpid());
    for (const std::string& name : names()) EXPECT_TRUE(name == "report" || name.starts_with(own));
    EXPECT_EQ(read(path), "earlier");
    file.write("later");
    EXPECT_EQ(read(path), "later");
  }
  EXPECT_EQ(names(), std::vector<std::string>{"report"}) << "what was not written leaves nothing";
}

TEST_F(OutputFileTest, APathWithoutADirectoryIsOfTheOneAtHand) {
  const fs::path at_hand = fs::current_path();
  fs::current_path(directory);
  const std::string said = failure([] { write_file("report", "text"); });
  fs::current_path(at_hand);
  EXPECT_EQ(said, "");
  EXPECT_EQ(read(path), "text");
}

TEST_F(OutputFileTest, AVeryLongNameIsAllRight) {
  path = directory / std::string(255, 'n');
  write_file(path, "text");
  EXPECT_EQ(read(path), "text");
}

TEST_F(OutputFileTest, ReplacesALinkNotWhatItPointsTo) {
  const fs::path victim = directory / "victim";
  std::ofstream(victim) << "precious";
  fs::create_symlink(victim, path);
  write_file(path, "text");
  EXPECT_EQ(read(victim), "precious");
  EXPECT_EQ(read(path), "text");
  EXPECT_FALSE(fs::is_symlink(path));
}

TEST_F(OutputFileTest, InPlaceNoLinkIsFollowed) {
  const fs::path victim = directory / "victim";
  std::ofstream(victim) << "precious";
  fs::create_symlink(victim, path);
  EXPECT_EQ(failure([&] { OutputFile(path, How::in_place); }),
            "create " + path.string() + ": symbolic links are not followed");
  fs::remove(path);
  fs::create_symlink(directory / "absent", path);
  EXPECT_NE(failure([&] { OutputFile(path, How::in_place); }), "");
  EXPECT_FALSE(fs::exists(directory / "absent"));
  fs::remove(path);
  fs::create_hard_link(victim, path);
  EXPECT_EQ(
      failure([&] { OutputFile(path, How::in_place); }),
      "create " + path.string() + ": there is a file of several names, which is not written over");
  EXPECT_EQ(read(victim), "precious");
}

TEST_F(OutputFileTest, InPlaceOnlyAFileOfTheUserIsWrittenOver) {
  if (geteuid() != 0) {
    ASSERT_EQ(getenv("CI"), nullptr) << "needs root";
    GTEST_SKIP() << "only root can give a file away";
  }
  std::ofstream(path) << "theirs";
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
  EXPECT_EQ(
      failure([&] { OutputFile(path, How::in_place); }),
      "create " + path.string() + ": there is a file of another user, which is not written over");
  EXPECT_EQ(read(path), "theirs");
}

TEST_F(OutputFileTest, InPlaceWhatWasThereGoesWhenItIsWritten) {
  std::ofstream(path) << "a long report of an earlier run";
  OutputFile file(path, How::in_place);
  EXPECT_EQ(read(path), "a long report of an earlier run");
  file.write("text");
  EXPECT_EQ(read(path), "text");
  OutputFile(path, How::in_place).write("");
  EXPECT_EQ(read(path), "");
}

TEST_F(OutputFileTest, MayBeWrittenInParts) {
  for (const How how : {How::replace, How::in_place}) {
    std::ofstream(path) << "a long report of an earlier run";
    OutputFile file(path, how);
    file.append("one, ");
    file.append("two");
    EXPECT_EQ(read(path), how == How::replace ? "a long report of an earlier run" : "one, two");
    file.write(", three");
    EXPECT_EQ(read(path), "one, two, three");
  }
  EXPECT_EQ(names(), std::vector<std::string>{"report"});
}

TEST_F(OutputFileTest, KeepsItsDirectoryWhereverThePathLeads) {
  fs::create_directory(directory / "one");
  {
    OutputFile file(directory / "one" / "report", How::replace);
    fs::rename(directory / "one", directory / "two");
    file.write("text");
  }
  EXPECT_EQ(read(directory / "two" / "report"), "text");
}

TEST_F(OutputFileTest, OwnDescriptorsAreNoLinks) {
  for (const How how : {How::replace, How::in_place}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    OutputFile("/dev/fd/" + std::to_string(ends[1]), how).write("text");
    close(ends[1]);
    std::array<char, 16> got{};
    EXPECT_EQ(::read(ends[0], got.data(), got.size()), 4);
    EXPECT_EQ(std::string(got.data()), "text");
    close(ends[0]);
  }
  EXPECT_EQ(failure([] { OutputFile("/dev/fd/9999", How::replace); }),
            "open /dev/fd/9999: Bad file descriptor");
}

TEST_F(OutputFileTest, MayBeStandardOutputOrStandardError) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  for (const char* const name : {"-", "/dev/stdout", "/dev/stderr"}) {
    OutputFile(name, How::replace).write(name);
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "-/dev/stdout");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "/dev/stderr");
}

TEST_F(OutputFileTest, ASocketIsNoFile) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(failure([&] { OutputFile(path, How::in_place); }),
            "create " + path.string() + ": No such device or address");
  close(socket);
}

TEST_F(OutputFileTest, APipeIsWrittenAsItIs) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  write_file(path, "text");
  std::array<char, 16> got{};
  EXPECT_EQ(::read(reader, got.data(), got.size()), 4);
  close(reader);
  EXPECT_TRUE(fs::is_fifo(path));
}

// A start that waits for a reader must be the user's own wish.
TEST_F(OutputFileTest, APipeOfAnotherUserIsRefusedAtOnce) {
  if (geteuid() != 0) {
    ASSERT_EQ(getenv("CI"), nullptr) << "needs root";
    GTEST_SKIP() << "only root can give a pipe away";
  }
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
  const std::string said =
      "create " + path.string() + ": there is a pipe of another user, which is not written to";
  for (const How how : {How::replace, How::in_place}) {
    EXPECT_EQ(failure([&] { OutputFile(path, how); }), said);
    const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
    EXPECT_EQ(failure([&] { OutputFile(path, how); }), said);
    close(reader);
  }
}

// It is slower than what it reads comes: it is waited for, at the start and later.
TEST_F(OutputFileTest, TheReaderOfAPipeIsWaitedFor) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::string text(1'000'000, 'x');
  std::string got;
  std::thread reader([&] { got = read(path); });
  OutputFile(path, How::in_place).write(text);
  reader.join();
  EXPECT_EQ(got.size(), text.size());
}

// The same for one that was there first: the pipe is opened without waiting, but not written so. It
// reads once the pipe is full.
TEST_F(OutputFileTest, ASlowReaderOfAPipeIsWaitedFor) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::string text(1'000'000, 'x');
  const int reading = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const int room = fcntl(reading, F_GETPIPE_SZ);
  std::string said;
  std::thread writer([&] { said = failure([&] { OutputFile(path, How::in_place).write(text); }); });
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int waiting = 0;
  while (waiting < room && std::chrono::steady_clock::now() < limit) {
    ioctl(reading, FIONREAD, &waiting);
  }
  fcntl(reading, F_SETFL, 0);
  std::string got;
  std::array<char, 4'096> piece{};
  for (ssize_t length = 1; length > 0;) {
    length = ::read(reading, piece.data(), piece.size());
    if (length > 0) got.append(piece.data(), static_cast<std::size_t>(length));
  }
  close(reading);
  writer.join();
  EXPECT_EQ(said, "");
  EXPECT_EQ(got.size(), text.size());
}

// A file system that is full, by the limit of a file's size.
TEST_F(OutputFileTest, HalfAReportIsNotLeft) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  rlimit small = old;
  small.rlim_cur = 4'096;
  const std::string text(10'000, 'x');
  std::ofstream(path) << "earlier";
  for (const How how : {How::replace, How::in_place}) {
    OutputFile file(path, how);
    setrlimit(RLIMIT_FSIZE, &small);
    const std::string said = failure([&] { file.write(text); });
    setrlimit(RLIMIT_FSIZE, &old);
    EXPECT_EQ(said, "write " + path.string() + ": File too large");
    EXPECT_EQ(read(path), how == How::replace ? "earlier" : "");
  }
  EXPECT_EQ(names(), std::vector<std::string>{"report"});
  std::signal(SIGXFSZ, before);
}

TEST_F(OutputFileTest, WhatCannotBeMadeIsSaidAtOnce) {
  for (const How how : {How::replace, How::in_place}) {
    EXPECT_EQ(failure([&] { OutputFile(directory / "no" / "report", how); }),
              "create " + (directory / "no" / "report").string() + ": No such file or directory");
    EXPECT_EQ(failure([&] { OutputFile(directory, how); }),
              "create " + directory.string() + ": Is a directory");
  }
}

}  // namespace
}  // namespace millrace::report
