#include "sink/capture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "base/storage.h"
#include "pieces.h"

namespace millrace::sink {
namespace {

namespace fs = std::filesystem;
using test::Cut;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

class Directory : public testing::Test {
 protected:
  Directory() {
    std::string name = fs::temp_directory_path() / "millrace.XXXXXX";
    path = mkdtemp(name.data());
  }
  ~Directory() override { fs::remove_all(path); }

  fs::path path;
};

using CaptureTest = Directory;
using SpoolTest = Directory;
using AppendLogTest = Directory;

TEST(ContentDecoder, TakesOffCrsAndOneLeadingDot) {
  const std::string wire = "..dot\r\n.x\r\nb\rare\nlf\n.y\r\n\r\n...\r\n.\r\n";
  const std::string text = ".dot\nx\nbare\nlf\n.y\n\n..\n\n";
  for (unsigned seed = 0; seed < 20; ++seed) {
    for (const Cut how : {Cut::whole, Cut::byte_by_byte, Cut::random}) {
      ContentDecoder decoder;
      std::string decoded;
      for (const std::string_view piece : test::cut(wire, how, seed))
        decoder.decode(piece, smtp::Form::dotted, decoded);
      EXPECT_EQ(decoded, text);
    }
  }
}

TEST(ContentDecoder, KeepsPlainContentButForLineEnds) {
  const std::string_view content = ".a\r\n\r\r\n..b\rc\n\r";
  for (unsigned seed = 0; seed < 10; ++seed) {
    ContentDecoder decoder;
    std::string decoded;
    for (const std::string_view piece : test::cut(content, test::Cut::random, seed)) {
      decoder.decode(piece, smtp::Form::plain, decoded);
    }
    decoder.finish(decoded);
    EXPECT_EQ(decoded, ".a\n\r\n..b\rc\n\r\n\n");
  }
}

TEST_F(SpoolTest, AFileAppearsOnlyWhenItIsWhole) {
  for (const std::size_t size : {10UL, 300'000UL}) {
    const fs::path directory = path / std::to_string(size);
    Spool spool;
    spool.begin(directory / "sub" / "m.");
    spool.append(std::string(size, 'x'));
    for (const fs::path& file :
         fs::exists(directory) ? files_below(directory) : std::vector<fs::path>{}) {
      EXPECT_EQ(file.extension(), ".part");
    }
    ASSERT_TRUE(spool.commit_as_file());
    const auto files = files_below(directory);
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].filename().string().size(), std::string("m.").size() + 8);
    EXPECT_EQ(fs::file_size(files[0]), size);
  }
}

// From here on renameat2() with flags fails in this process, as it does on NFS.
void forbid_rename_without_replacing() {
  std::array<sock_filter, 6> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[4])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
  ASSERT_EQ(renameat2(AT_FDCWD, "/", AT_FDCWD, "/", RENAME_NOREPLACE), -1);
  ASSERT_EQ(errno, EINVAL);
}

TEST_F(SpoolTest, AFileGetsItsNameWhereARenameCannotSpareWhatIsThere) {
  const pid_t child = fork();
  if (child == 0) {
    forbid_rename_without_replacing();
    Spool spool;
    bool stored = !HasFatalFailure();
    for (int i = 0; i < 3; ++i) {
      spool.begin(path / "m.");
      spool.append("text");
      stored = stored && spool.commit_as_file();
    }
    _exit(stored ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  const auto files = files_below(path);
  EXPECT_EQ(files.size(), 3U);
  for (const fs::path& file : files) {
    EXPECT_EQ(read(file), "text");
    EXPECT_NE(file.extension(), ".part");
    EXPECT_EQ(fs::hard_link_count(file), 1U);
  }
}

TEST_F(SpoolTest, ADiscardedMessageLeavesNothing) {
  Spool spool;
  spool.begin(path / "m.");
  spool.append(std::string(300'000, 'x'));
  EXPECT_EQ(files_below(path).size(), 1U);
  spool.discard();
  EXPECT_TRUE(files_below(path).empty());
}

TEST_F(SpoolTest, AFullDiskIsAnErrorOfThatMessageOnly) {
  AppendLog log;
  Spool spool;
  spool.begin("/dev/full");
  spool.append("text");
  EXPECT_FALSE(spool.commit_to_end(log));
  EXPECT_EQ(spool.error(), ENOSPC);
  spool.begin(path / "all");
  spool.append("text");
  EXPECT_TRUE(spool.commit_to_end(log));
  EXPECT_EQ(read(path / "all"), "text");
}

TEST_F(SpoolTest, AMessageAboveItsLimitLeavesNothing) {
  Spool spool;
  spool.begin(path / "m.", 200'000);
  spool.append(std::string(200'000, 'x'));
  EXPECT_EQ(files_below(path).size(), 1U);
  spool.append("x");
  EXPECT_TRUE(files_below(path).empty());
  spool.append(std::string(100'000, 'x'));
  EXPECT_FALSE(spool.commit_as_file());
  EXPECT_EQ(spool.error(), EMSGSIZE);
  EXPECT_TRUE(files_below(path).empty());
  spool.begin(path / "m.", 4);
  spool.append("text");
  EXPECT_TRUE(spool.commit_as_file());
}

TEST_F(SpoolTest, ADirectoryThatCannotBeMadeIsAnError) {
  std::ofstream(path / "file") << "in the way";
  Spool spool;
  spool.begin(path / "file" / "m.");
  spool.append("text");
  EXPECT_FALSE(spool.commit_as_file());
  EXPECT_EQ(spool.error(), ENOTDIR);
}

TEST_F(SpoolTest, GivesBackWhatALargeMessageTook) {
  AppendLog log;
  Spool spool;
  for (const bool appended : {false, true}) {
    spool.begin(path / "m.");
    spool.append(std::string(300'000, 'x'));
    EXPECT_GE(spool.storage(), 300'000U);
    ASSERT_TRUE(appended ? spool.commit_to_end(log) : spool.commit_as_file());
    EXPECT_LE(spool.storage(), kQuietBuffer);
  }
  spool.begin(path / "m.");
  spool.append(std::string(300'000, 'x'));
  spool.discard();
  EXPECT_LE(spool.storage(), kQuietBuffer);
}

TEST_F(AppendLogTest, ThreadsNeverInterleave) {
  AppendLog log;
  const std::string file = path / "all";
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'a' + 8; ++letter) {
    threads.emplace_back([&, letter] {
      Spool spool;
      for (int i = 0; i < 50; ++i) {
        spool.begin(file);
        spool.append(std::string(i % 10 == 0 ? 100'000 : 1'000, letter));
        spool.append("\n");
        EXPECT_TRUE(spool.commit_to_end(log));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::ifstream lines(file);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ASSERT_TRUE(line.size() == 1'000 || line.size() == 100'000);
    ASSERT_EQ(line.find_first_not_of(line[0]), std::string::npos);
  }
  EXPECT_EQ(count, 8 * 50);
}

TEST_F(AppendLogTest, AFailedAppendIsUndone) {
  AppendLog log;
  const std::string file = path / "all";
  EXPECT_EQ(log.append(file, [](int out) { return write(out, "whole\n", 6) == 6 ? 0 : EIO; }), 0);
  EXPECT_EQ(log.append(file, [](int out) { return write(out, "ha", 2) == 2 ? ENOSPC : EIO; }),
            ENOSPC);
  EXPECT_EQ(read(file), "whole\n");
}

// As where files of it are turned over.
TEST_F(AppendLogTest, GoesWhereItsPathLeadsByNow) {
  AppendLog log;
  const std::string file = path / "folder" / "all";
  const auto add = [&log](const std::string& where, char letter) {
    EXPECT_EQ(log.append(where, [&](int out) { return write(out, &letter, 1) == 1 ? 0 : EIO; }), 0);
    return read(where);
  };
  EXPECT_EQ(add(file, '1'), "1");
  EXPECT_EQ(add(file, '2'), "12");
  fs::rename(file, path / "old");
  EXPECT_EQ(add(file, '3'), "3");
  EXPECT_EQ(read(path / "old"), "12");
  fs::rename(path / "old", file);
  EXPECT_EQ(add(file, '4'), "124");
  fs::resize_file(file, 0);
  EXPECT_EQ(add(file, '5'), "5");
  fs::remove_all(path / "folder");
  EXPECT_EQ(add(file, '6'), "6");
  EXPECT_EQ(add(path / "other", '7'), "7");
  EXPECT_EQ(add(file, '8'), "68");
}

// Its reader is told of the end of each message.
TEST_F(AppendLogTest, LeavesAPipe) {
  AppendLog log;
  const std::string pipe = path / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const FileDescriptor reader(open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  for (int message = 0; message < 2; ++message) {
    EXPECT_EQ(log.append(pipe, [](int out) { return write(out, "x", 1) == 1 ? 0 : EIO; }), 0);
    char room[2];
    EXPECT_EQ(::read(reader.descriptor(), room, sizeof room), 1);
    EXPECT_EQ(::read(reader.descriptor(), room, sizeof room), 0) << "somebody writes still";
  }
}

TEST_F(AppendLogTest, DeathInTheMiddleLeavesNoHalfMessage) {
  const std::string file = path / "all";
  const pid_t writer = fork();
  if (writer == 0) {
    AppendLog log;
    log.append(file, [](int out) { return write(out, "whole\n", 6) == 6 ? 0 : EIO; });
    log.append(file, [](int out) {
      [[maybe_unused]] const ssize_t written = write(out, "half", 4);
      raise(SIGKILL);
      return 0;
    });
    _exit(0);
  }
  int status = 0;
  waitpid(writer, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  // The child that cuts the file back is nobody's to wait for: it has ten seconds.
  for (int i = 0; i < 1'000 && read(file) != "whole\n"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(read(file), "whole\n");
}

TEST_F(CaptureTest, WritesADumpAsTheManualSays) {
  setenv("TZ", "UTC", 1);
  const CaptureOptions options{.mode = CaptureOptions::Mode::append,
                               .name_template = path / "%Y" / "all",
                               .start_string = "--\n"};
  AppendLog log;
  Capture capture(options, "smtp-sink", &log);
  const CapturedSession session{
      .client_address = "ipv6:::1", .protocol = "ESMTP", .helo = "client.example"};
  capture.mail("FROM: <a@b> SIZE=3", 0, session);
  capture.recipient("TO:<c@d>");
  capture.recipient("TO:<e@f>");
  capture.content("..x\r\n.\r\n", smtp::Form::dotted, session);
  EXPECT_EQ(capture.complete(), 0);
  const std::string text = read(path / "1970" / "all");
  const std::size_t id = text.find(" id ");
  ASSERT_NE(id, std::string::npos);
  EXPECT_EQ(text.substr(0, id),
            "--\nX-Client-Addr: ipv6:::1\nX-Client-Proto: ESMTP\nX-Helo-Args: client.example\n"
            "X-Mail-Args: <a@b> SIZE=3\nX-Rcpt-Args: <c@d>\nX-Rcpt-Args: <e@f>\n"
            "Received: from client.example ([ipv6:::1])\n\tby smtp-sink (smtp-sink) with ESMTP");
  EXPECT_EQ(text.substr(id + 12), ";\n\tThu, 01 Jan 1970 00:00:00 +0000 (UTC)\n.x\n\n");
}

TEST_F(CaptureTest, ABareLineFeedBeginsNoHeader) {
  const CaptureOptions options{.mode = CaptureOptions::Mode::append, .name_template = path / "all"};
  AppendLog log;
  Capture capture(options, "smtp-sink", &log);
  const CapturedSession session{.client_address = "local", .helo = "x\nX-Evil: y"};
  capture.mail("FROM:<a>\nX-Evil: y", 0, session);
  capture.recipient("TO:<b>\rX-Evil: y");
  capture.content(".\r\n", smtp::Form::dotted, session);
  EXPECT_EQ(capture.complete(), 0);
  const std::string text = read(path / "all");
  EXPECT_EQ(text.find("\nX-Evil"), std::string::npos);
  EXPECT_NE(text.find("X-Mail-Args: <a>?X-Evil: y\nX-Rcpt-Args: <b>?X-Evil: y\n"),
            std::string::npos);
}

TEST_F(CaptureTest, NothingThatAClientSaysBeginsALine) {
  for (const char* const end : {"\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x7f", "\n\n"}) {
    const CaptureOptions options{.mode = CaptureOptions::Mode::append,
                                 .name_template = path / "all"};
    AppendLog log;
    Capture capture(options, "smtp-sink", &log);
    const std::string evil = std::string("x") + end + "X-Evil:\ty";
    for (const std::string& helo : {evil, std::string()}) {
      const CapturedSession session{.client_address = evil,
                                    .helo = helo,
                                    .client_name = evil,
                                    .client_port = evil,
                                    .client_login = evil};
      capture.mail("FROM:<a>" + evil, 0, session);
      capture.recipient("TO:<b>" + evil);
      capture.recipient(evil);
      capture.content(".\r\n", smtp::Form::dotted, session);
      EXPECT_EQ(capture.complete(), 0);
    }
    const std::string text = read(path / "all");
    EXPECT_EQ(text.find(end + std::string("X-Evil")), std::string::npos);
    EXPECT_NE(text.find("?X-Evil:\ty"), std::string::npos) << "a tab stays";
    fs::remove(path / "all");
  }
}

TEST_F(CaptureTest, GivesBackWhatALargeMessageTook) {
  const CaptureOptions options{.mode = CaptureOptions::Mode::file_per_message,
                               .name_template = path / "m."};
  Capture capture(options, "smtp-sink", nullptr);
  capture.mail("FROM:<a@b>", 0, {});
  capture.content(std::string(300'000, 'x') + "\r\n.\r\n", smtp::Form::dotted, {});
  EXPECT_GE(capture.storage(), 300'000U);
  EXPECT_EQ(capture.complete(), 0);
  EXPECT_LE(capture.storage(), 2 * kQuietBuffer);
}

TEST_F(CaptureTest, AnAbortedTransactionLeavesNothing) {
  const CaptureOptions options{.mode = CaptureOptions::Mode::file_per_message,
                               .name_template = path / "m.",
                               .start_string = {}};
  Capture capture(options, "smtp-sink", nullptr);
  capture.mail("FROM:<a@b>", 0, {});
  capture.content(std::string(200'000, 'x'), smtp::Form::dotted, {});
  capture.abort();
  EXPECT_TRUE(files_below(path).empty());
}

}  // namespace
}  // namespace millrace::sink
