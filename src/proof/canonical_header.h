#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proof/hash.h"
#include "proof/line_pieces.h"
#include "proof/mime_entity.h"

namespace millrace::proof {

// Header fields in the form that lawful changes keep: the name in small letters, unfolded, white
// space before and behind the value dropped and any other one blank. A line that is no field counts
// as one without a name.
//
// What relays, deliveries and a change of encoding write themselves does not count: see
// counts_as_sent().
class CanonicalFields {
 public:
  void begin();

  // The next piece of the header's lines, without the empty one. The hash of the field that this
  // line shows to be over, if it counts.
  std::optional<std::uint64_t> take(const LinePiece& line);
  // Whether this piece begins a field: the one before is over.
  [[nodiscard]] bool begins_field(const LinePiece& line) const {
    const bool blank = line.text.starts_with(' ') || line.text.starts_with('\t');
    return line.first && !(open_ && blank);
  }
  // The header is at its end; the same of its last field.
  std::optional<std::uint64_t> end();

  // What the fields so far say of what is below them.
  [[nodiscard]] const MimeEntity& entity() const { return entity_; }

 private:
  void begin_field(std::string_view text);
  void append_value(std::string_view text);
  void append(std::string_view text);

  // The beginning of a field: what is looked at of it. All is hashed.
  static constexpr std::size_t kKept = 1'024;

  MimeEntity entity_;
  bool open_ = false;     // a field has begun
  bool named_ = false;    // it has a name
  bool counts_ = false;   // it
  bool blank_ = false;    // white space was its last
  bool value_ = false;    // its value has begun
  bool longer_ = false;   // than kept_: hasher_ has it all
  std::size_t size_ = 0;  // of what is kept
  std::array<char, kKept> kept_;
  Hasher hasher_;
};

// Whether a field of this name, in small letters, is as its sender wrote it wherever a message
// arrives. Not so: MIME-Version and Content-Transfer-Encoding, which a server writes that encodes a
// body anew (RFC 6152, 3), trace fields (RFC 5321, 4.4), and what deliveries put to a message or
// take from it.
bool counts_as_sent(std::string_view name);

}  // namespace millrace::proof
