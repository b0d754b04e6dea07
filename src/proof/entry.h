#pragma once

#include <cstdint>

#include "proof/journal_record.h"

namespace millrace::proof {

// Records on their way through the sort. A key is of the source (8 bits: the place of its journal
// among those given), the message (40) and the recipient (16), so that all that is said of a
// message comes side by side. The rest is as in the file. No field has an initial value, as
// SortedEntries wants it.
struct SentEntry {
  std::uint64_t key;
  std::uint64_t when;
  std::uint64_t rest;
  std::uint64_t place;  // of its text 48, kind 8
};

struct TakenEntry {
  std::uint64_t key;
  std::uint64_t when;
  std::uint64_t origin;  // place of its text 48, the sink's journal among those given 16
};

// Of a key: without the recipient, and the two parts of that.
[[nodiscard]] constexpr std::uint64_t message_key(std::uint64_t key) { return key >> 16U; }
[[nodiscard]] constexpr std::size_t source_of(std::uint64_t message_key) {
  return message_key >> 40U;
}
[[nodiscard]] constexpr std::uint64_t message_of(std::uint64_t message_key) {
  return message_key & (kMostMessages - 1);
}

// Of a place or an origin.
constexpr unsigned kPlaceBits = 48;
[[nodiscard]] constexpr std::uint64_t place_of(std::uint64_t origin) {
  return origin & ((std::uint64_t{1} << kPlaceBits) - 1);
}
[[nodiscard]] constexpr std::size_t journal_of(std::uint64_t origin) {
  return origin >> kPlaceBits;
}

// `text`: where in its journal the record's text is.
SentEntry entry_of(const SentRecord& record, std::size_t source, std::uint64_t text);
TakenEntry entry_of(const TakenRecord& record, std::size_t source, std::size_t journal,
                    std::uint64_t text);

// As they were read, but for the number of the run, which the key's source stands for.
SentRecord record_of(const SentEntry& entry);
TakenRecord record_of(const TakenEntry& entry);

}  // namespace millrace::proof
