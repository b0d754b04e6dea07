#include "proof/journal_format.h"

#include <xxhash.h>

#include <cstring>

namespace millrace::proof {
namespace {

constexpr std::size_t kCheckedFrom = sizeof(BlockHeader::checksum);

std::uint64_t checksum_of(const JournalHeader& header) {
  return XXH3_64bits(&header, offsetof(JournalHeader, checksum));
}

std::uint64_t checksum_of(std::string_view block, std::uint64_t seed) {
  return XXH3_64bits_withSeed(block.data() + kCheckedFrom, block.size() - kCheckedFrom, seed);
}

}  // namespace

void seal(JournalHeader& header) { header.checksum = checksum_of(header); }

bool intact(const JournalHeader& header) { return header.checksum == checksum_of(header); }

void seal(std::string& block, BlockKind kind, std::size_t records, std::uint64_t seed) {
  BlockHeader header{.length = static_cast<std::uint32_t>(block.size() - sizeof(BlockHeader)),
                     .records = static_cast<std::uint16_t>(records),
                     .kind = kind};
  std::memcpy(block.data(), &header, sizeof header);
  header.checksum = checksum_of(block, seed);
  std::memcpy(block.data(), &header.checksum, sizeof header.checksum);
}

bool intact(std::string_view block, std::uint64_t seed) {
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, block.data(), sizeof checksum);
  return checksum == checksum_of(block, seed);
}

}  // namespace millrace::proof
