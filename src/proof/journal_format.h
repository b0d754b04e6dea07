#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proof/run_id.h"

namespace millrace::proof {

// A journal as bytes; doc/proof.md, "The journals", says the same for people.
//
// A header of 64 bytes, and then blocks, which are only ever appended: each a header of 16 bytes
// and at most 64 KiB in all. Numbers are little-endian. A block of records has as many records as
// its header says, all of one size (journal_record.h), and behind them the texts of those that
// have one, in their order: a byte with the length, then so many bytes. A block of a name says
// what an index in later records stands for. The block of the end is the last, and only a journal
// that was closed in order has one: whatever ends without it broke off.
//
// Every checksum of a block is seeded with that of the header, so that no block of another journal
// passes for one of this.
static_assert(std::endian::native == std::endian::little, "a journal is written as memory has it");

// Who wrote it.
enum class Side : std::uint8_t {
  sent = 1,   // a source: what became of each message for each recipient
  taken = 2,  // a sink: what it took
};

struct JournalHeader {
  static constexpr std::array<char, 8> kMagic = {'M', 'I', 'L', 'L', 'J', 'R', 'N', 'L'};
  static constexpr std::uint16_t kVersion = 1;

  std::array<char, 8> magic = kMagic;
  std::uint16_t version = kVersion;
  Side side = Side::sent;
  std::uint8_t unchecked = 0;  // 1: of a sink without a key: tags were believed as they came
  std::uint32_t size = 64;     // of the header
  RunId run;                   // of a source: that of its messages; of a sink: its own
  std::int64_t start = 0;      // UTC in microseconds since 1970; all times of records are from here
  // The same moment by CLOCK_MONOTONIC, and which boot of which machine that counts from, 0 where
  // it is not known: between journals of one boot times compare exactly, whoever sets the clock.
  std::int64_t start_monotonic = 0;
  std::uint64_t boot = 0;
  std::uint64_t checksum = 0;  // XXH3, 64 bits, of what comes before it
};
static_assert(sizeof(JournalHeader) == 64);
static_assert(offsetof(JournalHeader, run) == 16 && offsetof(JournalHeader, checksum) == 56);

enum class BlockKind : std::uint8_t { records = 1, name = 2, end = 3 };

struct BlockHeader {
  std::uint64_t checksum = 0;  // of all of the block that comes behind it, seeded
  std::uint32_t length = 0;    // of the block without its header
  std::uint16_t records = 0;   // how many it begins with
  BlockKind kind = BlockKind::records;
  std::uint8_t unused = 0;
};
static_assert(sizeof(BlockHeader) == 16 && offsetof(BlockHeader, length) == 8);

constexpr std::size_t kMostBlock = 65'536;  // bytes, with its header
constexpr std::size_t kMostText = 255;      // bytes: what is longer is cut

// What an index in a record stands for. A block of a name is this byte, a byte of nought, the
// index in two bytes, and the text.
enum class NameOf : std::uint8_t {
  kind = 1,      // of message
  domain = 2,    // of recipients
  listener = 3,  // of the sink
  run = 4,       // 16 bytes; index 0 is no run
  address = 5,   // where the sink listens, and no other of this boot can at the same time
};
constexpr std::size_t kNamesOf = 5;
constexpr std::size_t kNamePrefix = 4;
constexpr std::size_t kMostNames = 65'536;  // of domains; of each of the others 256

// Of a header: sets its checksum, says whether it is right.
void seal(JournalHeader& header);
[[nodiscard]] bool intact(const JournalHeader& header);

// Of a block, which begins with room for its header: writes that. `seed`: the header's checksum.
void seal(std::string& block, BlockKind kind, std::size_t records, std::uint64_t seed);
// Whether `block`, from its header to its end, is as it was sealed.
[[nodiscard]] bool intact(std::string_view block, std::uint64_t seed);

}  // namespace millrace::proof
