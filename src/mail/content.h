#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/output.h"

namespace millrace::mail {

// The content of one message, in pieces: text that is made for it, and text that it shares with
// other messages, which is borrowed and outlasts whoever sends it. As it is: lines end in CR LF
// (but for binary bodies), dots are single, there is no end mark. Each piece begins at the start of
// a line. Storage is kept for the next message.
class Content {
 public:
  // Whether a line of some text begins with a dot, so that DATA needs it doubled.
  enum class Dots : std::uint8_t { none, some };

  // Forgets all of it.
  void clear();

  // Text of its own: what is put to its end comes behind the pieces so far.
  std::string& own() { return own_; }

  // The next piece, which must outlast the content and what it was sent to. What own() had before
  // it must end with a line.
  void share(std::string_view text, Dots dots);

  [[nodiscard]] std::uint64_t size() const;

  // For DATA: dots doubled, a CR LF where the last line has none, and the end mark (RFC
  // 5321, 4.5.2).
  void append_data(Output& out) const;

  // For BDAT: `length` bytes of it from `offset` on, or as many as there are.
  void append_range(std::uint64_t offset, std::uint64_t length, Output& out) const;

  // All of it, copied: to show or to sign it.
  [[nodiscard]] std::string flattened() const;

 private:
  struct Shared {
    std::size_t own_before;  // how much of own_ comes first
    std::string_view text;
    Dots dots;
  };

  template <typename Visit>
  void for_each_piece(Visit visit) const;

  std::string own_;
  std::vector<Shared> shared_;
  std::uint64_t shared_size_ = 0;
};

}  // namespace millrace::mail
