#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace millrace::proof {

// Times of a record: microseconds from the start that its journal's header has.
using Micros = std::chrono::duration<std::int64_t, std::micro>;

// What a record has room for.
constexpr std::uint64_t kMostMessages = std::uint64_t{1} << 40;
constexpr std::uint32_t kMostRecipients = 65'535;  // of a message: numbers 0 to 65,534
constexpr std::uint16_t kUnknownRecipient = 65'535;
constexpr Micros kMostTime{(std::int64_t{1} << 48) - 1};  // 8.9 years; later ones are this

// What became of a message for one recipient, by one attempt of the source.
enum class SentOutcome : std::uint8_t {
  accepted,    // the server has answered yes
  refused,     // no, by a code
  in_doubt,    // it had all of the message, and had said neither yes nor no (RFC 1047)
  never_sent,  // it cannot have taken it
};
constexpr std::uint8_t kSentOutcomes = 4;

struct SentRecord {
  std::uint64_t message = 0;  // its number in the run
  std::uint16_t recipient = 0;
  std::uint8_t kind = 0;     // NameOf::kind
  std::uint16_t domain = 0;  // NameOf::domain
  SentOutcome outcome = SentOutcome::accepted;
  std::uint16_t code = 0;  // of the reply that decided, 0 without
  // The difference between two of these is exact up to half a second, and to 4 in a million beyond.
  Micros due{};
  Micros sent{};
  Micros acknowledged{};  // answered, whatever the answer; in doubt: when that was known
};

// What a sink found of a message: how it compares with what was sent, the worst last.
enum class TakenVerdict : std::uint8_t {
  // Lawful changes: nobody who reads the message notices.
  same,
  headers_added,
  refolded,
  blanks_changed,
  re_encoded,
  // Others: it is altered.
  footer_added,
  headers_changed,
  truncated,
  body_changed,
  // No stamp that can be believed: the number of message and recipient mean nothing.
  unstamped,
  malformed,  // the name of a stamp, and not its form
  forged,     // its tag is not right
};
constexpr std::uint8_t kTakenVerdicts = 12;

[[nodiscard]] constexpr bool is_stamped(TakenVerdict verdict) {
  return verdict < TakenVerdict::unstamped;
}
[[nodiscard]] constexpr bool is_altered(TakenVerdict verdict) {
  return verdict > TakenVerdict::re_encoded && is_stamped(verdict);
}

struct TakenRecord {
  std::uint64_t message = 0;
  std::uint16_t recipient = kUnknownRecipient;
  std::uint8_t run = 0;  // NameOf::run; 0 for what has no stamp that can be believed
  Micros taken{};
  TakenVerdict verdict = TakenVerdict::same;
  bool bounced = false;  // it is not the message that came, but the news that it could not go on
  std::uint8_t listener = 0;  // NameOf::listener
};

// Where a record's text is.
enum class TextOf : std::uint8_t {
  none,
  own,
  before,  // the same as the last one before it in its block
};
constexpr std::uint8_t kTextsOf = 3;

// As they stand in the file. From the lowest bit up:
struct PackedSent {
  std::uint64_t which = 0;  // message 40, recipient 16, kind 8
  std::uint64_t when = 0;   // sent 48, domain 16
  std::uint64_t rest = 0;   // sent - due 24, acknowledged - sent 24, code 10, outcome 3, text 2, 0
};
struct PackedTaken {
  std::uint64_t which = 0;  // message 40, recipient 16, run 8
  std::uint64_t when = 0;   // taken 48, listener 8, verdict 4, bounced 1, text 2, 0
};
static_assert(sizeof(PackedSent) == 24 && sizeof(PackedTaken) == 16);

// What a record has no room for is brought to the nearest that it has.
PackedSent pack(const SentRecord& record, TextOf text);
PackedTaken pack(const TakenRecord& record, TextOf text);

// Nothing where a field has a value that none can have.
std::optional<SentRecord> unpack(const PackedSent& packed);
std::optional<TakenRecord> unpack(const PackedTaken& packed);
// A value beyond `before` where there is none such.
inline TextOf text_of(const PackedSent& packed) {
  return static_cast<TextOf>(packed.rest >> 61U & 3U);
}
inline TextOf text_of(const PackedTaken& packed) {
  return static_cast<TextOf>(packed.when >> 61U & 3U);
}

}  // namespace millrace::proof
