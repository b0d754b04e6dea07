#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/cache_line.h"

namespace millrace {

// Records of bytes on their way from one thread to another, in a piece of memory of fixed size. The
// thread that writes is never held up: what finds no room is not taken.
class RecordRing {
 public:
  // `capacity`: in bytes; each record takes kOverhead more than its length. The memory is the
  // system's until it is used.
  explicit RecordRing(std::size_t capacity);

  static constexpr std::size_t kOverhead = sizeof(std::size_t);

  // For the one thread that writes. Returns whether there was room.
  bool push(std::string_view record);

  // For the one thread that reads: appends all that is there to `records`, to be taken apart by
  // next_record(). Returns whether there was anything.
  bool drain(std::string& records);

 private:
  void copy_in(std::size_t position, const void* bytes, std::size_t size);

  const std::size_t capacity_;
  const std::unique_ptr<char[]> bytes_;
  // Positions only grow; their remainders by the capacity are places. Each side's own, and what it
  // last saw of the other's, on a cache line of its own.
  alignas(kCacheLine) std::atomic<std::size_t> written_{0};
  std::size_t seen_read_ = 0;
  alignas(kCacheLine) std::atomic<std::size_t> read_{0};
};

// Takes the first record off what drain() gave; there must be one.
std::string_view next_record(std::string_view& records);

}  // namespace millrace
