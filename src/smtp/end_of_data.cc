#include "smtp/end_of_data.h"

#include <algorithm>

#include "smtp/end_mark.h"

namespace millrace::smtp {

void EndOfData::step(char byte) {
  if (byte == kWholeEndMark[matched_]) {
    ++matched_;
  } else {
    matched_ = byte == '\r' ? 1 : 0;  // the mark's only borders start with its first byte
  }
}

std::size_t EndOfData::scan(std::string_view bytes) {
  std::size_t at = 0;
  // A mark that began in an earlier read.
  while (at < bytes.size() && matched_ > 0) {
    step(bytes[at++]);
    if (found()) return at;
  }
  static const EndMarkSearch search = best_end_mark_search();
  const std::size_t mark = search(bytes.substr(at));
  if (mark != std::string_view::npos) {
    matched_ = kWholeEndMark.size();
    return at + mark + kWholeEndMark.size();
  }
  // The last bytes may begin one.
  at = std::max(at, bytes.size() - std::min(bytes.size(), kWholeEndMark.size() - 1));
  while (at < bytes.size()) step(bytes[at++]);
  return at;
}

}  // namespace millrace::smtp
