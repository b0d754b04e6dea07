#include "proof/entry.h"

namespace millrace::proof {
namespace {

std::uint64_t key_of(std::size_t source, std::uint64_t message, std::uint16_t recipient) {
  return std::uint64_t{source} << 56U | message << 16U | recipient;
}

// The same as the file has it.
std::uint64_t which_of(std::uint64_t key, std::uint64_t top) {
  return message_of(message_key(key)) | (key & 0xffffU) << 40U | top << 56U;
}

}  // namespace

SentEntry entry_of(const SentRecord& record, std::size_t source, std::uint64_t text) {
  const PackedSent packed = pack(record, TextOf::none);
  return {.key = key_of(source, record.message, record.recipient),
          .when = packed.when,
          .rest = packed.rest,
          .place = place_of(text) | std::uint64_t{record.kind} << kPlaceBits};
}

TakenEntry entry_of(const TakenRecord& record, std::size_t source, std::size_t journal,
                    std::uint64_t text) {
  return {.key = key_of(source, record.message, record.recipient),
          .when = pack(record, TextOf::none).when,
          .origin = place_of(text) | std::uint64_t{journal} << kPlaceBits};
}

// (What was packed from a record can be unpacked.)
SentRecord record_of(const SentEntry& entry) {
  return unpack(PackedSent{.which = which_of(entry.key, entry.place >> kPlaceBits),
                           .when = entry.when,
                           .rest = entry.rest})
      .value();
}

TakenRecord record_of(const TakenEntry& entry) {
  return unpack(PackedTaken{.which = which_of(entry.key, 0), .when = entry.when}).value();
}

}  // namespace millrace::proof
