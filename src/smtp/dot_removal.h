#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::smtp {

// The place of the first dot that begins a line within this text, which is not empty; its size
// where there is none. What the text begins with is no such dot.
std::size_t find_dotted_line(std::string_view text);

// Takes from dotted content, as it comes, what makes it so (RFC 5321, 4.5.2): the dot ahead of a
// line that begins with one, and the end mark. Copies nothing. Lines end in CR LF alone, as
// EndOfData has it.
class DotRemoval {
 public:
  // Calls `visit` with the content, in pieces.
  template <typename Visit>
  void take(std::string_view bytes, Visit visit);

  // Ready for the next message.
  void reset() { after_ = After::line_end; }

 private:
  // What came last.
  enum class After : std::uint8_t {
    line_end,
    dot,     // one that was taken away
    dot_cr,  // that and a CR, which is text unless an LF ends the content
    text,
    cr,  // of the text
  };

  After after_ = After::line_end;
};

template <typename Visit>
void DotRemoval::take(std::string_view bytes, Visit visit) {
  constexpr std::string_view kLineEnd = "\r\n";
  const auto drop_if = [&bytes](char byte) {
    const bool there = bytes.front() == byte;
    if (there) bytes.remove_prefix(1);
    return there;
  };
  while (!bytes.empty()) {
    switch (after_) {
      case After::line_end:
        after_ = drop_if('.') ? After::dot : After::text;
        continue;
      case After::dot:
        after_ = drop_if('\r') ? After::dot_cr : After::text;
        continue;
      case After::dot_cr:
        if (drop_if('\n')) {
          after_ = After::line_end;
        } else {
          visit(kLineEnd.substr(0, 1));
          after_ = After::text;
        }
        continue;
      case After::cr:
        after_ = After::text;
        if (bytes.front() != '\n') continue;
        visit(bytes.substr(0, 1));
        bytes.remove_prefix(1);
        after_ = After::line_end;
        continue;
      case After::text:
        break;
    }
    const std::size_t dotted = find_dotted_line(bytes);
    if (dotted < bytes.size()) {
      visit(bytes.substr(0, dotted));
      bytes.remove_prefix(dotted);
      after_ = After::line_end;
      continue;
    }
    visit(bytes);
    after_ = bytes.ends_with(kLineEnd) ? After::line_end
             : bytes.back() == '\r'    ? After::cr
                                       : After::text;
    return;
  }
}

}  // namespace millrace::smtp
