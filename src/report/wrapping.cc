#include "report/wrapping.h"

#include <algorithm>

#include "base/columns.h"
#include "base/printable.h"

namespace millrace::report {
namespace {

// Takes the first element with what is behind it off a list.
std::string_view take_part(std::string_view& list) {
  const std::size_t end = std::min(list.find(", "), list.find("; "));
  const std::string_view part = end == list.npos ? list : list.substr(0, end + 2);
  list.remove_prefix(part.size());
  return part;
}

}  // namespace

std::vector<std::string> wrapped(std::string_view list, std::size_t columns) {
  std::vector<std::string> lines(1);
  std::size_t width = 0;
  while (!list.empty()) {
    const std::string_view part = take_part(list);
    const bool ends_with_space = !list.empty();
    const std::size_t more = columns_of(printable(part));
    if (width > 0 && width + more - (ends_with_space ? 1 : 0) > columns) {
      lines.back().pop_back();
      lines.emplace_back();
      width = 0;
    }
    lines.back() += part;
    width += more;
  }
  return lines;
}

}  // namespace millrace::report
