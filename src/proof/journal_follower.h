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

// Reads the journal of a sink while that writes it, for a source on the same host: what was taken
// of one run. What is not whole yet is left for the next time. A file that is not there yet is
// waited for; one that another sink begins anew, in the place of the old one or behind its name, is
// read from its beginning.
class JournalFollower {
 public:
  // How often a block must be found damaged until it is taken for that: one of which the kernel
  // shows a part, or that found no room, becomes whole or is cut off again.
  static constexpr unsigned kDoubts = 50;

  // `sent`: of the journal of the source, which has the run and the boot.
  JournalFollower(std::string path, const JournalHeader& sent);

  // Tells of all that came since the last time. Throws Fatal where the file is no journal of a
  // sink, is one of another boot or host, whose clock says nothing here, or is damaged.
  void poll(const std::function<void(const TakenCopy& copy)>& found);

  [[nodiscard]] const std::string& path() const { return path_; }
  // Whether there was a journal at all.
  [[nodiscard]] bool seen() const { return seen_; }
  // Whether nobody writes it any more: its sink has ended, in order or not, and none has begun
  // another one. What comes to no sink is in no journal. Asks the system.
  [[nodiscard]] bool given_up() const;
  // Whether the next block was found damaged, and not often enough yet.
  [[nodiscard]] bool doubtful() const { return doubts_ > 0; }
  // Messages with a stamp of a key that is not the sink's.
  [[nodiscard]] std::uint64_t forged() const { return forged_; }
  // Of the last one, where there was any.
  [[nodiscard]] const JournalHeader& header() const { return header_; }

 private:
  using Found = std::function<void(const TakenCopy& copy)>;

  bool open_file();
  bool take_header();
  void check_header() const;
  void begin_anew();
  void read_blocks(const Found& found);
  void take_block(std::string_view block, const Found& found);
  void take_records(std::string_view payload, std::size_t records, const Found& found);
  void take_name(std::string_view payload);
  [[nodiscard]] bool replaced() const;
  void doubt(std::string_view what);
  [[noreturn]] void fail(std::string_view what) const;

  const std::string path_;
  const RunId run_;
  const std::uint64_t boot_;
  FileDescriptor file_;
  JournalHeader header_;
  bool seen_ = false;
  std::uint64_t at_ = 0;    // what comes behind is not read yet; 0: not even the header
  unsigned run_index_ = 0;  // of the run in this journal; 0: none yet
  unsigned doubts_ = 0;     // of the block at `at_`
  std::uint64_t forged_ = 0;
  std::string buffer_;
};

}  // namespace millrace::proof
