#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proof/journal_file.h"
#include "proof/journal_record.h"

namespace millrace::proof {

// What one worker thread writes to a journal: records gather in a block, which goes to the file
// when it is full or flush() says so, in a single append. Allocates nothing after it was made.
//
// All calls return 0 or an errno value. What could not be written stays in the block and goes with
// the next flush(), unless discard() takes it out.
class JournalWriter {
 public:
  explicit JournalWriter(JournalFile& file);

  // A record, and a text with it of which kMostText bytes are kept; empty: none. Where the block is
  // full and the file takes no more the record is not taken either.
  int add(const SentRecord& record, std::string_view text) { return add_record(record, text); }
  int add(const TakenRecord& record, std::string_view text) { return add_record(record, text); }

  // Writes what there is: of a sink, before it answers the messages of a turn.
  int flush();

  // Forgets what was not written: of a sink that refuses those messages instead.
  void discard();

  // Records that are not in the file yet.
  [[nodiscard]] std::size_t waiting() const { return records_; }

  // The index of a run, which the file is asked for only where it is not that of the last call.
  int run_index(const RunId& run, std::uint8_t& index);

 private:
  template <typename Record>
  int add_record(const Record& record, std::string_view text);
  [[nodiscard]] std::string_view last_text() const;

  JournalFile& file_;
  std::string block_;  // header and records
  std::string texts_;  // that come behind them
  std::size_t records_ = 0;
  std::size_t last_text_ = 0;  // where the last one begins, its length first
  RunId last_run_;
  std::uint8_t last_index_ = 0;  // 0: of none yet
};

}  // namespace millrace::proof
