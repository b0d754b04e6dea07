#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "proof/stamp_key.h"

namespace millrace::proof {

// What a stamp is worth.
enum class StampFinding : std::uint8_t {
  none,       // there is none
  malformed,  // its name, but not its form
  forged,     // not made with this key
  other_run,  // made with this key, for another run
  unchecked,  // whole; there is no key to check it with
  genuine,
};

// Whether a content is believed to be the one that a stamp tells of.
constexpr bool believed(StampFinding finding) { return finding >= StampFinding::unchecked; }

// What stamps are held against.
struct StampTrust {
  std::optional<StampKey> key;  // nothing: none is checked
  std::optional<RunId> run;     // nothing: any run of this key
};

// Says of text, as it comes, whether it is a stamp, and what that is worth. Never allocates once
// made.
class StampReader {
 public:
  explicit StampReader(const StampTrust& trust);

  // Text begins here that may be a stamp.
  void begin() { parser_.begin(); }
  // The same text, all of it there; what it is worth if it is as write_stamp() writes it, else
  // `none`.
  StampFinding finding_of_written(std::span<const char, kStampSize> text) {
    parser_.take_written(text);
    return finding();
  }
  // Whether more of it is wanted.
  [[nodiscard]] bool reading() const { return parser_.state() == StampParser::State::reading; }
  [[nodiscard]] bool expects(char letter) const { return parser_.expects(letter); }
  // How much of it was looked at: all, unless it is no longer reading().
  std::size_t take(std::string_view text) { return parser_.take(text); }
  // Of the text so far, which is at its end: half a stamp is malformed.
  StampFinding finding();
  [[nodiscard]] const Stamp& stamp() const { return parser_.stamp(); }

 private:
  std::optional<StampTagger> tagger_;
  std::optional<RunId> run_;
  StampParser parser_;
};

}  // namespace millrace::proof
