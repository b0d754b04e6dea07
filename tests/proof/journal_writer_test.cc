#include "proof/journal_writer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "made_up_journal.h"
#include "scratch_directory.h"

namespace millrace::proof {
namespace {

using namespace std::chrono_literals;
using tests::all_records;
using tests::made_up_header;
using tests::run_number;
using tests::ScratchDirectory;

const RunId kRun = run_number(1);

SentRecord sent(std::uint64_t message, std::uint16_t recipient = 0) {
  return {
      .message = message, .recipient = recipient, .sent = Micros{1'000 * std::int64_t(message)}};
}

// Nothing larger than this can be written while it lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

TEST(JournalWriter, GivesBackRecordsTextsAndNames) {
  const ScratchDirectory scratch;
  {
    JournalFile file(scratch.path("sent.proof"), made_up_header(Side::sent, kRun));
    JournalWriter writer(file);
    ASSERT_EQ(file.name(NameOf::domain, 3, "a.test"), 0);
    ASSERT_EQ(writer.add(sent(1, 0), "4F2A"), 0);
    ASSERT_EQ(writer.add(sent(1, 1), "4F2A"), 0);
    ASSERT_EQ(writer.add(sent(2), ""), 0);
    ASSERT_EQ(writer.add(sent(3), "4F2A"), 0);
    ASSERT_EQ(writer.add(sent(4), std::string(300, 'x')), 0);
    EXPECT_EQ(writer.waiting(), 5U);
    ASSERT_EQ(writer.flush(), 0);
    EXPECT_EQ(writer.waiting(), 0U);
    ASSERT_EQ(file.close(), 0);
    EXPECT_EQ(writer.add(sent(5), ""), 0);
    EXPECT_EQ(writer.flush(), EBADF);
  }
  JournalReader reader(scratch.path("sent.proof"), Side::sent);
  EXPECT_EQ(reader.header().run, kRun);
  const auto records = all_records<SentRecord>(reader);
  ASSERT_EQ(records.size(), 5U);
  EXPECT_EQ(records[0].text, "4F2A");
  EXPECT_EQ(records[1].text, "4F2A");
  EXPECT_EQ(records[1].record.recipient, 1);
  EXPECT_EQ(records[2].text, "");
  EXPECT_EQ(records[3].text, "4F2A");
  EXPECT_EQ(records[4].text, std::string(kMostText, 'x'));
  EXPECT_EQ(records[4].record.sent, 4ms);
  EXPECT_EQ(reader.name(NameOf::domain, 3), "a.test");
  EXPECT_EQ(reader.name(NameOf::domain, 2), "");
  EXPECT_FALSE(reader.broke_off());
}

TEST(JournalWriter, OfASinkSaysWhichRunARecordIsOf) {
  const ScratchDirectory scratch;
  {
    JournalFile file(scratch.path("got.proof"), made_up_header(Side::taken, run_number(9)));
    JournalWriter writer(file);
    for (const std::uint64_t run : {1U, 2U, 1U}) {
      std::uint8_t index = 0;
      ASSERT_EQ(writer.run_index(run_number(run), index), 0);
      ASSERT_EQ(writer.add(TakenRecord{.message = run, .run = index}, ""), 0);
    }
    ASSERT_EQ(writer.flush(), 0);
    ASSERT_EQ(file.close(), 0);
    for (std::uint64_t run = 3; run <= 255; ++run) {
      std::uint8_t index = 0;
      EXPECT_EQ(file.run_index(run_number(run), index), EBADF);
    }
  }
  JournalReader reader(scratch.path("got.proof"), Side::taken);
  const auto records = all_records<TakenRecord>(reader);
  ASSERT_EQ(records.size(), 3U);
  for (const auto& [record, text] : records) {
    const RunId run = run_number(record.message);
    EXPECT_EQ(reader.name(NameOf::run, record.run),
              std::string_view(reinterpret_cast<const char*>(&run), sizeof run));
  }
  EXPECT_EQ(reader.names(NameOf::run), 3U);
}

TEST(JournalWriter, ManyRecordsFillBlockAfterBlock) {
  const ScratchDirectory scratch;
  constexpr std::uint64_t kMany = 100'000;
  {
    JournalFile file(scratch.path("sent.proof"), made_up_header(Side::sent, kRun));
    JournalWriter writer(file);
    for (std::uint64_t message = 0; message < kMany; ++message) {
      ASSERT_EQ(writer.add(sent(message), std::string(message % 40, 'a')), 0);
    }
    ASSERT_EQ(writer.flush(), 0);
    ASSERT_EQ(file.close(), 0);
  }
  JournalReader reader(scratch.path("sent.proof"), Side::sent);
  std::uint64_t message = 0;
  for (const auto& [record, text] : all_records<SentRecord>(reader)) {
    ASSERT_EQ(record.message, message);
    ASSERT_EQ(text.size(), message % 40);
    ++message;
  }
  EXPECT_EQ(message, kMany);
}

TEST(JournalWriter, ThreadsShareAFile) {
  const ScratchDirectory scratch;
  constexpr std::uint64_t kEach = 20'000;
  {
    JournalFile file(scratch.path("sent.proof"), made_up_header(Side::sent, kRun));
    const auto write = [&file](std::uint16_t recipient) {
      JournalWriter writer(file);
      for (std::uint64_t message = 0; message < kEach; ++message) {
        EXPECT_EQ(writer.add(sent(message, recipient), std::to_string(message)), 0);
        if (message % 7 == 0) {
          EXPECT_EQ(writer.flush(), 0);
        }
      }
      EXPECT_EQ(writer.flush(), 0);
    };
    std::thread one(write, 0);
    std::thread other(write, 1);
    one.join();
    other.join();
    ASSERT_EQ(file.close(), 0);
  }
  JournalReader reader(scratch.path("sent.proof"), Side::sent);
  std::array<std::uint64_t, 2> next{};
  for (const auto& [record, text] : all_records<SentRecord>(reader)) {
    ASSERT_EQ(record.message, next.at(record.recipient)++);  // each in its order
    ASSERT_EQ(text, std::to_string(record.message));
  }
  EXPECT_EQ(next, (std::array<std::uint64_t, 2>{kEach, kEach}));
  EXPECT_FALSE(reader.broke_off());
}

TEST(JournalWriter, ABlockThatFindsNoRoomIsNotThereInPart) {
  const ScratchDirectory scratch;
  {
    JournalFile file(scratch.path("sent.proof"), made_up_header(Side::sent, kRun));
    JournalWriter writer(file);
    ASSERT_EQ(writer.add(sent(0), ""), 0);
    ASSERT_EQ(writer.flush(), 0);
    {
      const FileLimit limit(sizeof(JournalHeader) + 100);  // within the second block
      for (std::uint64_t message = 1; message <= 4; ++message) {
        ASSERT_EQ(writer.add(sent(message), "some text"), 0);
      }
      EXPECT_EQ(writer.flush(), EFBIG);
      EXPECT_EQ(writer.waiting(), 4U);
      EXPECT_EQ(writer.flush(), EFBIG);
    }
    {
      JournalReader reader(file.path(), Side::sent);
      EXPECT_EQ(all_records<SentRecord>(reader).size(), 1U);
      EXPECT_EQ(reader.left_out(), 0U);
    }
    // There is room again: those that waited go, those that were given up do not.
    EXPECT_EQ(writer.flush(), 0);
    ASSERT_EQ(writer.add(sent(99), ""), 0);
    writer.discard();
    ASSERT_EQ(writer.add(sent(5), ""), 0);
    ASSERT_EQ(writer.flush(), 0);
    ASSERT_EQ(file.close(), 0);
  }
  JournalReader reader(scratch.path("sent.proof"), Side::sent);
  std::uint64_t message = 0;
  for (const auto& [record, text] : all_records<SentRecord>(reader)) {
    EXPECT_EQ(record.message, message++);
  }
  EXPECT_EQ(message, 6U);
  EXPECT_FALSE(reader.broke_off());
}

TEST(JournalWriter, AFullBlockThatFindsNoRoomTakesNoMore) {
  const ScratchDirectory scratch;
  JournalFile file(scratch.path("sent.proof"), made_up_header(Side::sent, kRun));
  JournalWriter writer(file);
  const FileLimit limit(1'000);
  std::uint64_t taken = 0;
  while (writer.add(sent(taken), "") == 0) ++taken;
  EXPECT_EQ(writer.waiting(), taken);
  EXPECT_EQ(taken, (kMostBlock - sizeof(BlockHeader) - 1) / sizeof(PackedSent));
}

}  // namespace
}  // namespace millrace::proof
