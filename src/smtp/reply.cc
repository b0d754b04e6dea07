#include "smtp/reply.h"

#include <algorithm>

namespace millrace::smtp {

std::string Reply::line() const {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

ReplyReader::Result ReplyReader::next(std::string_view& bytes, Reply& reply) {
  if (joined_returned_) joined_.clear();
  joined_returned_ = false;
  std::string_view line;
  for (;;) {
    switch (lines_.next(bytes, line)) {
      case LineReader::Result::more:
        return Result::more;
      case LineReader::Result::too_long:
        return Result::too_long;
      case LineReader::Result::line:
        break;
    }
    const int code = reply_code(line);
    const bool continues = code != 0 && line.size() > 3 && line[3] == '-';
    if (joined_.empty() && !continues) {
      reply = {code, line};
      return Result::reply;
    }
    if (joined_.size() + line.size() > kReplyLimit) return Result::too_long;
    if (joined_.empty()) {
      joined_ = line;
      joined_[3] = ' ';
    } else {
      joined_ += '\n';
      joined_ += code != 0 ? line.substr(std::min<std::size_t>(4, line.size())) : line;
    }
    if (!continues) {
      reply = {code, joined_};
      joined_returned_ = true;
      return Result::reply;
    }
  }
}

}  // namespace millrace::smtp
