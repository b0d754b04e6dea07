#include "proof/journal_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/diagnostics.h"
#include "made_up_journal.h"
#include "scratch_directory.h"

namespace millrace::proof {
namespace {

using tests::made_up_header;
using tests::run_number;
using tests::ScratchDirectory;

const RunId kRun = run_number(1);

TEST(JournalFile, HasRoomFor255Runs) {
  const ScratchDirectory scratch;
  JournalFile file(scratch.path("got.proof"), made_up_header(Side::taken, run_number(0)));
  std::uint8_t index = 0;
  for (std::uint64_t run = 1; run <= 255; ++run) {
    ASSERT_EQ(file.run_index(run_number(run), index), 0);
    ASSERT_EQ(index, run);
  }
  EXPECT_EQ(file.run_index(run_number(256), index), EOVERFLOW);
  EXPECT_EQ(file.run_index(run_number(200), index), 0);
  EXPECT_EQ(index, 200);
}

TEST(JournalFile, IsOnTheDiskWhereItIsToBe) {
  const ScratchDirectory scratch;
  JournalFile file(scratch.path("got.proof"), made_up_header(Side::taken, kRun), Sync::block);
  JournalWriter writer(file);
  ASSERT_EQ(writer.add(TakenRecord{}, ""), 0);
  EXPECT_EQ(writer.flush(), 0);
}

TEST(JournalFile, IsNeverWrittenOver) {
  const ScratchDirectory scratch;
  const std::string path = scratch.write("sent.proof", "something");
  const std::string before = read_file(path);
  EXPECT_THROW(JournalFile(path, made_up_header(Side::sent, kRun)), Fatal);
  EXPECT_EQ(read_file(path), before);
  EXPECT_THROW(JournalFile("/dev/null", made_up_header(Side::sent, kRun)), Fatal);
  EXPECT_THROW(JournalFile(scratch.path("no/such"), made_up_header(Side::sent, kRun)), Fatal);
}

// Nobody is waited for at its other end, nor written to.
TEST(JournalFile, IsNoPipe) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto refused = [&]() -> std::string {
    try {
      const JournalFile file(path, made_up_header(Side::sent, kRun));
    } catch (const Fatal& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_EQ(refused(), path + ": a journal must be a plain file");
  const FileDescriptor other_end(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(refused(), path + ": a journal must be a plain file");
}

// It may be root's, in a directory that is everybody's.
TEST(JournalFile, IsNotMadeWhereALinkLeads) {
  const ScratchDirectory scratch;
  const auto refused = [&](const std::string& path) -> std::string {
    try {
      const JournalFile file(path, made_up_header(Side::taken, kRun));
    } catch (const Fatal& error) {
      return error.what();
    }
    return {};
  };
  const std::string link = scratch.path("link");
  std::filesystem::create_symlink(scratch.path("absent"), link);
  EXPECT_EQ(refused(link), "create " + link + ": symbolic links are not followed");
  EXPECT_FALSE(std::filesystem::exists(scratch.path("absent")));
  const std::string empty = scratch.write("empty", "");
  const std::string other = scratch.path("other");
  std::filesystem::create_hard_link(empty, other);
  EXPECT_EQ(refused(other),
            "create " + other + ": there is a file of several names, which is not written over");
  EXPECT_EQ(read_file(empty), "");
}

TEST(JournalFile, HasOneProgramThatWritesIt) {
  const ScratchDirectory scratch;
  const JournalFile file(scratch.path("sent.proof"), made_up_header(Side::sent, kRun));
  try {
    const JournalFile other(scratch.path("sent.proof"), made_up_header(Side::sent, kRun));
    FAIL() << "two at once";
  } catch (const Fatal& error) {
    EXPECT_EQ(std::string_view(error.what()),
              scratch.path("sent.proof") + ": another program writes this journal");
  }
}

TEST(JournalFile, OfNowHasBothClocks) {
  const JournalHeader header = header_now(Side::taken, kRun);
  EXPECT_TRUE(intact(header));
  EXPECT_GT(header.start, 1'577'836'800'000'000);
  EXPECT_GT(header.start_monotonic, 0);
  EXPECT_NE(header.boot, 0U);
  EXPECT_EQ(header.boot, header_now(Side::taken, kRun).boot);
}

}  // namespace
}  // namespace millrace::proof
