#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "made_up_journal.h"
#include "proof/journal_file.h"
#include "proof/journal_writer.h"

namespace millrace::tests {

// The journal of a sink that takes messages of runs, each of which is in it at once: ten
// microseconds for each number of a message behind its start.
class MadeUpSink {
 public:
  MadeUpSink(const std::string& path, std::uint64_t number, std::int64_t start = 0,
             std::uint64_t boot = 1)
      : MadeUpSink(path, made_up_header(proof::Side::taken, run_number(number), start, boot)) {}
  MadeUpSink(const std::string& path, const proof::JournalHeader& header)
      : file_(path, header), writer_(file_) {}

  void take(std::uint64_t message, const proof::RunId& run = run_number(1), bool bounced = false) {
    proof::TakenRecord record{
        .message = message,
        .taken = std::chrono::microseconds(10 * static_cast<std::int64_t>(message)),
        .bounced = bounced};
    EXPECT_EQ(writer_.run_index(run, record.run), 0);
    EXPECT_EQ(writer_.add(record, ""), 0);
    EXPECT_EQ(writer_.flush(), 0);
  }
  // With a stamp of another key.
  void take_forged() {
    EXPECT_EQ(writer_.add(proof::TakenRecord{.verdict = proof::TakenVerdict::forged}, ""), 0);
    EXPECT_EQ(writer_.flush(), 0);
  }
  void close() { EXPECT_EQ(file_.close(), 0); }

 private:
  proof::JournalFile file_;
  proof::JournalWriter writer_;
};

}  // namespace millrace::tests
