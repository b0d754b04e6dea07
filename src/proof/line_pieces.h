#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace millrace::proof {

// A line, or some of one that is long or was cut.
struct LinePiece {
  std::string_view text;  // without the line's end
  bool first;             // the line begins with it
  bool last;              // the line ends with it
};

// Takes text apart into lines, however it is cut. Lines end in CR LF; a CR or an LF alone is text.
// What begins a line is never cut short: the first piece is all of the line or at least kWhole
// bytes of it. Copies only what is cut.
class LinePieces {
 public:
  static constexpr std::size_t kWhole = 128;

  void reset() {
    held_ = 0;
    first_ = true;
  }

  // Whether a line begins with what comes next.
  [[nodiscard]] bool between() const { return first_ && held_ == 0; }

  // Calls `visit` with each LinePiece until it returns false; what is left of `bytes` then.
  template <typename Visit>
  std::string_view take(std::string_view bytes, Visit visit);

  // There is no more: a last line without its end comes as if it had one.
  template <typename Visit>
  void finish(Visit visit) {
    if (held_ > 0 || !first_) visit(LinePiece{{room_.data(), held_}, first_, true});
    reset();
  }

 private:
  // Whether all that is held is to be told, the line going on.
  [[nodiscard]] bool full() const { return !first_ || held_ > kWhole; }
  void hold(std::string_view text) {
    text.copy(room_.data(), text.size());
    held_ = text.size();
  }

  std::array<char, kWhole + 2> room_;
  std::size_t held_ = 0;  // bytes of the line that are not told yet
  bool first_ = true;     // nothing of the line is told
};

template <typename Visit>
std::string_view LinePieces::take(std::string_view bytes, Visit visit) {
  const auto tell = [&](std::string_view text, bool last) {
    const bool first = first_;
    first_ = last;
    return visit(LinePiece{text, first, last});
  };
  while (!bytes.empty()) {
    if (held_ > 0) {
      room_[held_++] = bytes.front();
      bytes.remove_prefix(1);
      const std::string_view held(room_.data(), held_);
      if (held.ends_with("\r\n")) {
        held_ = 0;
        if (!tell(held.substr(0, held.size() - 2), true)) return bytes;
      } else if (full()) {
        // A CR may be half of the line's end.
        const bool cr = held.ends_with('\r');
        held_ = 0;
        const bool more =
            held.size() == 1 || tell(held.substr(0, held.size() - (cr ? 1 : 0)), false);
        if (cr) hold("\r");
        if (!more) return bytes;
      }
      continue;
    }
    std::size_t end = bytes.find('\n');
    while (end != bytes.npos && (end == 0 || bytes[end - 1] != '\r'))
      end = bytes.find('\n', end + 1);
    if (end != bytes.npos) {
      const std::string_view line = bytes.substr(0, end - 1);
      bytes.remove_prefix(end + 1);
      if (!tell(line, true)) return bytes;
      continue;
    }
    if (first_ && bytes.size() <= kWhole) {
      hold(bytes);
      return {};
    }
    const bool cr = bytes.ends_with('\r');
    const bool more =
        bytes.size() == (cr ? 1 : 0) || tell(bytes.substr(0, bytes.size() - (cr ? 1 : 0)), false);
    if (cr) hold("\r");
    bytes = {};
    if (!more) return bytes;
  }
  return {};
}

}  // namespace millrace::proof
