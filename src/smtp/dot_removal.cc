#include "smtp/dot_removal.h"

#include "base/find_pair.h"

namespace millrace::smtp {
namespace {

struct LineFeedDot {
  [[gnu::always_inline]] std::uint8_t operator()(char byte, char next) const {
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(byte == '\n') &
                                     static_cast<std::uint8_t>(next == '.'));
  }
};

}  // namespace

std::size_t find_dotted_line(std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    at += find_pair(text.substr(at), LineFeedDot()) + 1;
    if (at == text.size() || (at > 1 && text[at - 2] == '\r')) return at;
  }
}

}  // namespace millrace::smtp
