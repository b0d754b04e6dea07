#include "sink/store/stored_text.h"

#include <utility>

namespace millrace::sink {
namespace {

constexpr std::string_view kFrom = "From ";

}  // namespace

void UnixText::give_held(std::string& text) {
  text.append(kFrom.substr(0, matched_));
  if (matched_ > 0) line_open_ = true;
  matched_ = 0;
  line_start_ = false;
}

// Takes from the piece what may be the beginning of a line that is to be quoted.
void UnixText::begin_line(std::string_view& piece, std::string& text) {
  while (!piece.empty() && line_start_) {
    if (matched_ == 0 && piece.front() == '>') {
      text += '>';
      line_open_ = true;
    } else if (piece.front() == kFrom[matched_]) {
      if (++matched_ == kFrom.size()) {
        text += '>';
        give_held(text);
      }
    } else {
      return give_held(text);
    }
    piece.remove_prefix(1);
  }
}

void UnixText::take(std::string_view piece, std::string& text) {
  while (!piece.empty()) {
    if (std::exchange(after_cr_, false) && piece.front() != '\n') {
      text += '\r';
      line_open_ = true;
    }
    if (line_start_ && from_ == From::quoted) {
      begin_line(piece, text);
      if (piece.empty()) return;
    }
    const std::size_t end = piece.find('\n');
    const bool ends = end != std::string_view::npos;
    std::string_view line = piece.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
      after_cr_ = !ends;
    }
    if (!line.empty()) {
      line_start_ = false;
      line_open_ = true;
    }
    text.append(line);
    if (!ends) return;
    text += '\n';
    line_start_ = true;
    line_open_ = false;
    piece.remove_prefix(end + 1);
  }
}

void UnixText::finish(std::string& text) {
  if (matched_ > 0) give_held(text);
  if (after_cr_) text += '\r';
  if (line_open_ || after_cr_) text += '\n';
}

}  // namespace millrace::sink
