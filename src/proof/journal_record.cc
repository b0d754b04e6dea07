#include "proof/journal_record.h"

#include <algorithm>
#include <bit>

namespace millrace::proof {
namespace {

constexpr std::uint64_t low_bits(std::uint64_t value, unsigned bits) {
  return value & ((std::uint64_t{1} << bits) - 1);
}

std::uint64_t clamped(Micros time) {
  return static_cast<std::uint64_t>(std::clamp(time, Micros{0}, kMostTime).count());
}

// A span in 24 bits: 19 of it, and how often they are doubled.
constexpr unsigned kSpanDigits = 19;
constexpr unsigned kSpanBits = 24;

std::uint64_t pack_span(Micros span) {
  const std::uint64_t value = clamped(span);
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned doubled = width > kSpanDigits ? width - kSpanDigits : 0;
  return std::uint64_t{doubled} << kSpanDigits | value >> doubled;
}

Micros unpack_span(std::uint64_t packed) {
  const std::uint64_t doubled = low_bits(packed >> kSpanDigits, kSpanBits - kSpanDigits);
  return Micros{static_cast<std::int64_t>(low_bits(packed, kSpanDigits) << doubled)};
}

}  // namespace

PackedSent pack(const SentRecord& record, TextOf text) {
  PackedSent packed;
  packed.which = low_bits(record.message, 40) | std::uint64_t{record.recipient} << 40U |
                 std::uint64_t{record.kind} << 56U;
  packed.when = clamped(record.sent) | std::uint64_t{record.domain} << 48U;
  packed.rest =
      pack_span(record.sent - record.due) | pack_span(record.acknowledged - record.sent) << 24U |
      std::uint64_t{std::min<std::uint16_t>(record.code, 1'023)} << 48U |
      static_cast<std::uint64_t>(record.outcome) << 58U | static_cast<std::uint64_t>(text) << 61U;
  return packed;
}

PackedTaken pack(const TakenRecord& record, TextOf text) {
  PackedTaken packed;
  packed.which = low_bits(record.message, 40) | std::uint64_t{record.recipient} << 40U |
                 std::uint64_t{record.run} << 56U;
  packed.when = clamped(record.taken) | std::uint64_t{record.listener} << 48U |
                static_cast<std::uint64_t>(record.verdict) << 56U |
                std::uint64_t{record.bounced} << 60U | static_cast<std::uint64_t>(text) << 61U;
  return packed;
}

std::optional<SentRecord> unpack(const PackedSent& packed) {
  const std::uint64_t outcome = low_bits(packed.rest >> 58U, 3);
  const auto recipient = static_cast<std::uint16_t>(packed.which >> 40U);
  if (outcome >= kSentOutcomes || packed.rest >> 63U != 0 || recipient == kUnknownRecipient ||
      static_cast<std::uint8_t>(text_of(packed)) >= kTextsOf) {
    return std::nullopt;
  }
  const Micros sent{static_cast<std::int64_t>(low_bits(packed.when, 48))};
  return SentRecord{.message = low_bits(packed.which, 40),
                    .recipient = recipient,
                    .kind = static_cast<std::uint8_t>(packed.which >> 56U),
                    .domain = static_cast<std::uint16_t>(packed.when >> 48U),
                    .outcome = static_cast<SentOutcome>(outcome),
                    .code = static_cast<std::uint16_t>(low_bits(packed.rest >> 48U, 10)),
                    .due = sent - unpack_span(packed.rest),
                    .sent = sent,
                    .acknowledged = sent + unpack_span(packed.rest >> kSpanBits)};
}

std::optional<TakenRecord> unpack(const PackedTaken& packed) {
  const std::uint64_t verdict = low_bits(packed.when >> 56U, 4);
  if (verdict >= kTakenVerdicts || packed.when >> 63U != 0 ||
      static_cast<std::uint8_t>(text_of(packed)) >= kTextsOf) {
    return std::nullopt;
  }
  return TakenRecord{.message = low_bits(packed.which, 40),
                     .recipient = static_cast<std::uint16_t>(packed.which >> 40U),
                     .run = static_cast<std::uint8_t>(packed.which >> 56U),
                     .taken = Micros{static_cast<std::int64_t>(low_bits(packed.when, 48))},
                     .verdict = static_cast<TakenVerdict>(verdict),
                     .bounced = low_bits(packed.when >> 60U, 1) != 0,
                     .listener = static_cast<std::uint8_t>(packed.when >> 48U)};
}

}  // namespace millrace::proof
