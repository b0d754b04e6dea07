#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "proof/journal_format.h"

namespace millrace::proof {

// When a journal's bytes are to survive.
enum class Sync : std::uint8_t {
  none,   // the death of the process
  block,  // that of the machine: each block is on the disk (fdatasync) when append() returns
};

// A header for a journal that starts now: both clocks, and the boot.
JournalHeader header_now(Side side, const RunId& run);

// A journal that is being written, which worker threads share. What fails is an errno value, 0
// none: a disk that is full for a while must not end a sink.
//
// The kernel lets one append at a time to a file anyhow. The lock around it is there so that a
// block that found no room is cut off again before another comes behind it.
class JournalFile {
 public:
  // Makes the file. Throws Fatal where there is one that holds something, since a journal is never
  // written over, or where another program writes it.
  JournalFile(std::string path, JournalHeader header, Sync sync = Sync::none);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const JournalHeader& header() const { return header_; }

  // Appends a sealed block of `records` records, whole or not at all. After a failure to reach the
  // disk, or to cut off half a block, every later call fails too.
  int append(std::string_view block, std::size_t records);

  // Says what an index stands for, before a record has it. (For runs: run_index().)
  int name(NameOf what, std::uint16_t index, std::string_view text);

  // Sets `index` to that of the run, which is told to the file where it is new. EOVERFLOW when 255
  // are.
  int run_index(const RunId& run, std::uint8_t& index);

  // Ends it in order, once all writers have flushed: nothing may be appended any more. One that was
  // not closed, or whose writers had something that found no room, broke off.
  int close();

 private:
  int write_whole(std::string_view block);

  const std::string path_;
  JournalHeader header_;
  const Sync sync_;
  FileDescriptor file_;
  std::mutex mutex_;  // over the next three
  std::uint64_t size_ = 0;
  std::uint64_t records_ = 0;
  int broken_ = 0;  // an errno value: why nothing can be appended any more
  std::mutex runs_mutex_;
  std::vector<RunId> runs_;
};

}  // namespace millrace::proof
