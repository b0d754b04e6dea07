#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/output.h"

namespace millrace::mail {

inline constexpr std::size_t kLongestLine = 998;  // bytes without its end (RFC 5322, 2.1.1)

// The content of one message, in pieces: text that is made for it, and text that it shares with
// other messages, which is borrowed and outlasts whoever sends it. As it is: lines end in CR LF
// (but for binary bodies), dots are single, there is no end mark. Each piece begins at the start of
// a line. Storage is kept for the next message.
class Content {
 public:
  // Whether a line of some text begins with a dot, so that DATA needs it doubled.
  enum class Dots : std::uint8_t { none, some };
  // Whether some text has bytes beyond ASCII (RFC 2045, 2.7 and 2.8).
  enum class Octets : std::uint8_t { seven_bit, eight_bit };

  // What is known of text, so that it need not be looked through for each message.
  struct Traits {
    Dots dots = Dots::none;
    Octets octets = Octets::seven_bit;

    // By looking through it.
    static Traits of(std::string_view text);
  };

  // Forgets all of it.
  void clear();

  // Text of its own: what is put to its end comes behind the pieces so far.
  std::string& own() { return own_; }

  // The next piece, which must outlast the content and what it was sent to. What own() had before
  // it must end with a line. As long as there are messages to make, the same place holds the same
  // text: what is worked out of it is kept by its address.
  void share(std::string_view text, Traits traits);

  // Puts whole lines in front of all pieces, as text of its own.
  void prepend(std::string_view lines);

  [[nodiscard]] std::uint64_t size() const;

  // Whether any of it is beyond ASCII: looks through what is its own.
  [[nodiscard]] Octets octets() const;

  // For DATA: dots doubled, a CR LF where the last line has none, and the end mark (RFC
  // 5321, 4.5.2).
  void append_data(Output& out) const;

  // For BDAT: `length` bytes of it from `offset` on, or as many as there are.
  void append_range(std::uint64_t offset, std::uint64_t length, Output& out) const;

  // All of it, copied: to show it.
  [[nodiscard]] std::string flattened() const;

  // Some of it, valid until the next change.
  struct Piece {
    std::string_view text;
    bool shared;
    Dots dots;
  };

  // Calls `visit` with each Piece, in order. None is empty.
  template <typename Visit>
  void for_each_piece(Visit visit) const;

 private:
  struct Shared {
    std::size_t own_before;  // how much of own_ comes first
    std::string_view text;
    Dots dots;
  };

  std::string own_;
  std::vector<Shared> shared_;
  std::uint64_t shared_size_ = 0;
  Octets shared_octets_ = Octets::seven_bit;
};

// What is its own may have any line in it.
template <typename Visit>
void Content::for_each_piece(Visit visit) const {
  const std::string_view own = own_;
  std::size_t gone = 0;
  const auto visit_own = [&](std::size_t end) {
    if (end > gone) visit(Piece{own.substr(gone, end - gone), false, Dots::some});
    gone = end;
  };
  for (const Shared& shared : shared_) {
    visit_own(shared.own_before);
    visit(Piece{shared.text, true, shared.dots});
  }
  visit_own(own.size());
}

}  // namespace millrace::mail
