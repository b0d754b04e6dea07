#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "smtp/server_observer.h"
#include "smtp/server_profile.h"

namespace millrace::smtp {

// Watches the content of one message for what passes a server's limits. What it says is true of
// all that was taken so far, so that nothing more needs to be kept once a limit is passed.
class ContentCheck {
 public:
  // Takes the next piece as it came, with the end mark when it is dotted.
  void take(std::string_view bytes, Form form, const ServerLimits& limits);

  // Counts so many bytes of plain content that nobody has seen; only while needs_bytes() is false.
  void count(std::uint64_t bytes) {
    form_ = Form::plain;
    size_ += bytes;
  }
  // Whether more than their number is looked at.
  static bool needs_bytes(const ServerLimits& limits) { return limits.text_line > 0; }

  // Doubled dots and the end mark do not count (RFC 1870, 5).
  [[nodiscard]] bool too_large(const ServerLimits& limits) const {
    const std::uint64_t limit = limits.message_size;
    return limit > 0 && size_ > limit && size_ - limit > end_mark();
  }
  // Whether so many bytes more may come.
  [[nodiscard]] bool has_room_for(std::uint64_t bytes, const ServerLimits& limits) const {
    const std::uint64_t limit = limits.message_size;
    return limit == 0 || (size_ <= limit && bytes <= limit - size_);
  }
  [[nodiscard]] bool line_too_long() const { return line_too_long_; }
  // The size of a content that is complete; nought unless there is a limit that it is taken with.
  [[nodiscard]] std::uint64_t size() const { return size_ - std::min(size_, end_mark()); }

 private:
  // Bytes of the end mark, besides its dot.
  [[nodiscard]] std::uint64_t end_mark() const { return form_ == Form::dotted ? 2 : 0; }

  std::uint64_t size_ = 0;  // without the dots that begin dotted lines
  std::uint64_t line_ = 0;  // bytes since the last CR LF, the same
  Form form_ = Form::dotted;
  char last_ = '\n';        // the byte before the next; at first the end of the DATA command
  bool line_start_ = true;  // a CR LF came last
  bool line_too_long_ = false;
};

}  // namespace millrace::smtp
