#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/input_file.h"
#include "proof/journal_file.h"
#include "proof/journal_reader.h"
#include "proof/journal_writer.h"

namespace millrace::tests {

constexpr proof::RunId run_number(std::uint64_t number) { return {.high = 7, .low = number}; }

// A header of made-up clocks: `start` seconds into 2020, on one boot unless another is said.
inline proof::JournalHeader made_up_header(proof::Side side, const proof::RunId& run,
                                           std::int64_t start = 0, std::uint64_t boot = 1) {
  return {.side = side,
          .run = run,
          .start = (1'577'836'800 + start) * 1'000'000,
          .start_monotonic = (1'000 + start) * 1'000'000,
          .boot = boot};
}

// A record as it was read, with its text.
template <typename Record>
struct ReadRecord {
  Record record;
  std::string text;
};

template <typename Record>
std::vector<ReadRecord<Record>> all_records(proof::JournalReader& reader) {
  const FileDescriptor file = open_input(reader.path());
  std::vector<ReadRecord<Record>> records;
  for (Record record; reader.next(record);) {
    records.push_back({record, proof::text_at(file, reader.text())});
  }
  return records;
}

}  // namespace millrace::tests
