#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "proof/journal_format.h"
#include "proof/journal_record.h"

namespace millrace::proof {

// A copy of a message that a sink took, or a bounce that came instead of it.
struct TakenCopy {
  std::uint64_t message = 0;
  Micros at{};  // by CLOCK_MONOTONIC
  bool bounced = false;
};

// Messages that a sink took, by what it said of their stamps.
struct StampCounts {
  std::uint64_t believed = 0;
  std::uint64_t forged = 0;  // their key is not the sink's
};

// One file with the journal of a sink, by whatever name, while that writes it: what was taken of
// one run. What is not whole yet is left for the next time. One that another sink begins anew in
// the same file is read from its beginning.
class GrowingJournal {
 public:
  // How often a block must be found damaged until it is taken for that: one of which the kernel
  // shows a part, or that found no room, becomes whole or is cut off again. So is a file that is
  // shorter than it was, in which another sink may just begin.
  static constexpr unsigned kDoubts = 50;

  // `name`: of the file, for messages. `sent`: of the journal of the source, which has the run and
  // the boot.
  GrowingJournal(FileDescriptor file, std::string name, const JournalHeader& sent);

  // Tells of all that came since the last time; returns what was said of stamps, of whatever run.
  // Throws Fatal where the file is no journal of a sink, is one of another boot or host, whose
  // clock says nothing here, or is damaged or was cut.
  StampCounts poll(const std::function<void(const TakenCopy& copy)>& found);

  // Whether a sink has begun it.
  [[nodiscard]] bool begun() const { return at_ > 0; }
  [[nodiscard]] const JournalHeader& header() const { return header_; }
  // Whether the next block was found damaged, or what was read before cut off, and not often enough
  // yet.
  [[nodiscard]] bool doubtful() const { return doubts_ > 0; }
  // Whether a sink has it: one locks its journal for as long as it lives. Asks the system.
  [[nodiscard]] bool locked() const;
  // Whether it is the file of that name, or nobody has that name. Asks the system.
  [[nodiscard]] bool is_at(const std::string& path) const;

 private:
  using Found = std::function<void(const TakenCopy& copy)>;

  bool take_header();
  void check_header() const;
  void begin_anew();
  void read_blocks(const Found& found);
  void check_not_cut();
  void take_block(std::string_view block, const Found& found);
  void take_records(std::string_view payload, std::size_t records, const Found& found);
  void take_name(std::string_view payload);
  void doubt(std::string_view what);
  [[noreturn]] void fail(std::string_view what) const;

  std::string name_;
  RunId run_;
  std::uint64_t boot_;
  FileDescriptor file_;
  JournalHeader header_;
  std::uint64_t at_ = 0;    // what comes behind is not read yet; 0: not even the header
  unsigned run_index_ = 0;  // of the run in this journal; 0: none yet
  unsigned doubts_ = 0;     // of the block at `at_`
  StampCounts stamps_;      // since this poll() began
  std::string buffer_;      // storage
};

}  // namespace millrace::proof
