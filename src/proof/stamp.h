#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "proof/hash.h"
#include "proof/run_id.h"

namespace millrace::proof {

// What is proven of messages: stamps, what became of them, and the comparison of both ends.
// Knows contents and files, nothing of sessions.

// A header section: all lines above the empty one.
struct HeaderDigest {
  std::uint64_t exact = 0;      // lower half of the hash of its lines
  std::uint64_t fields = 0;     // that count (canonical_header.h), at most kMostFields
  std::uint64_t canonical = 0;  // of these

  static constexpr std::uint64_t kMostFields = 99'999;

  bool operator==(const HeaderDigest&) const = default;
};

// What is below the empty line.
struct BodyDigest {
  Hash128 exact;                // of its lines
  std::uint64_t size = 0;       // of the canonical form (canonical_body.h), in bytes
  Hash128 canonical;            // of that
  std::uint64_t mark = 0;       // of that form's first mark_length(size) bytes, the lower half
  std::uint64_t encodings = 0;  // which were undone: bits of Encoding (mime_entity.h)

  bool operator==(const BodyDigest&) const = default;
};

// A content as it was sent: the message without its stamps, dots single, lines with their CR LF,
// one put to the last line where it has none.
struct ContentDigest {
  std::uint64_t size = 0;  // bytes, less than 10^12
  HeaderDigest header;
  BodyDigest body;

  bool operator==(const ContentDigest&) const = default;
};

// What a message says of itself.
struct Stamp {
  RunId run;
  std::uint64_t number = 0;  // of the message in the run, from 0
  // Microseconds since 1970 (UTC), less than 10^16.
  std::uint64_t due = 0;
  std::uint64_t sent = 0;
  ContentDigest content;
  Hash128 tag;  // over all the others (stamp_key.h)

  bool operator==(const Stamp&) const = default;
};

// Of format 1: a header field of five lines, all below 78 characters (RFC 5322, 2.1.1 and 2.2.3),
// and the last lines of a body. Figures have a fixed width, so that all stamps are of one size and
// are written in place. Without "=", so that quoted-printable text may hold it as it is.
inline constexpr std::string_view kStampName = "X-Millrace-Stamp";
inline constexpr std::string_view kStampForm =
    "X-Millrace-Stamp: v:1; run:HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH;\r\n"
    " n:DDDDDDDDDDDDDDDDDDDD; due:DDDDDDDDDDDDDDDD; sent:DDDDDDDDDDDDDDDD;\r\n"
    " size:DDDDDDDDDDDD; exact:HHHHHHHHHHHHHHHH/HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH;\r\n"
    " body:DDDDDDDDDDDD/HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH/HHHHHHHHHHHHHHHH/H;\r\n"
    " header:DDDDD/HHHHHHHHHHHHHHHH; tag:HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH\r\n";
inline constexpr std::size_t kStampSize = kStampForm.size();
using StampText = std::array<char, kStampSize>;

// Writes a stamp, with its CR LF.
void write_stamp(const Stamp& stamp, std::span<char, kStampSize> text);

// Reads text as it comes for as long as it is a stamp: white space is anywhere, letters in any
// case.
class StampParser {
 public:
  enum class State : std::uint8_t {
    reading,   // a stamp so far
    complete,  // all of it
    other,     // no stamp: it has another name
    malformed  // the name of a stamp, and not what must follow
  };

  void begin();
  // Instead: begins with one that is as write_stamp() writes it, all of it; else it is `other`.
  void take_written(std::span<const char, kStampSize> text);
  // How much of it was looked at: less than all only when it is no longer `reading`.
  std::size_t take(std::string_view text);
  [[nodiscard]] State state() const { return state_; }
  // Whether what was read begins with the name of a stamp and its colon.
  [[nodiscard]] bool named() const { return place_ > kStampName.size(); }
  // Whether a letter of its own text may come next.
  [[nodiscard]] bool expects(char letter) const;
  // What was read; whole where it is `complete`.
  [[nodiscard]] const Stamp& stamp() const { return stamp_; }

 private:
  template <std::uint64_t kBase>
  std::size_t take_digits(std::string_view text);
  std::size_t take_next(std::string_view text);

  Stamp stamp_;
  State state_ = State::other;
  std::size_t place_ = 0;   // how many bytes are read, without white space
  std::size_t figure_ = 0;  // how many are read
  std::uint64_t value_ = 0;
};

}  // namespace millrace::proof
