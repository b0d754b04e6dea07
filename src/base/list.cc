#include "base/list.h"

namespace millrace {

std::optional<std::vector<std::string_view>> split_list(std::string_view list) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string_view> items;
  for (;;) {
    const std::size_t comma = list.find(',');
    const std::string_view item = list.substr(0, comma);
    const std::size_t begin = item.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return std::nullopt;
    items.push_back(item.substr(begin, item.find_last_not_of(kBlanks) + 1 - begin));
    if (comma == std::string_view::npos) return items;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace millrace
