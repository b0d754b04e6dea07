#include "smtp/line_reader.h"

#include "smtp/keyword.h"
#include "smtp/verb.h"

namespace millrace::smtp {

// Returns the position of the LF that ends the line, or npos.
std::size_t LineReader::find_end(std::string_view bytes) const {
  std::size_t found = bytes.find('\n');
  if (line_end_ == LineEnd::lf) return found;
  while (found != std::string_view::npos) {
    const char before = found > 0 ? bytes[found - 1] : partial_.empty() ? '\0' : partial_.back();
    if (before == '\r') return found;
    found = bytes.find('\n', found + 1);
  }
  return found;
}

bool LineReader::may_be_long(std::string_view bytes) const {
  if (long_lines_.keyword.empty()) return false;
  constexpr std::size_t kFront = 64;  // with blanks ahead of the keyword
  std::string front = partial_used_ ? std::string() : partial_.substr(0, kFront);
  front.append(bytes.substr(0, kFront - front.size()));
  return same_keyword(parse_command(front).keyword, long_lines_.keyword);
}

LineReader::Result LineReader::next(std::string_view& bytes, std::string_view& line) {
  if (partial_used_) {  // the line returned last lived in partial_
    partial_.clear();
    partial_used_ = false;
  }
  const std::size_t end = find_end(bytes);
  const bool complete = end != std::string_view::npos;
  const std::size_t length = partial_.size() + (complete ? end : bytes.size());
  if (length >= limit_ && (length >= long_lines_.limit || !may_be_long(bytes))) {
    return Result::too_long;
  }
  if (!complete) {
    partial_.append(bytes);
    bytes = {};
    return Result::more;
  }
  line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  if (!partial_.empty()) {
    partial_.append(line);
    line = partial_;
    partial_used_ = true;
  }
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return Result::line;
}

}  // namespace millrace::smtp
