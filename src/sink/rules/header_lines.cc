#include "sink/rules/header_lines.h"

#include <algorithm>

namespace millrace::sink::rules {
namespace {

// Takes the first field off `head`, without what ends it; empty at the end of the header.
std::string_view take_field(std::string_view& head) {
  if (head.starts_with('\n') || head.starts_with("\r\n")) return {};
  std::size_t end = head.find('\n');
  while (end < head.size() - 1 && (head[end + 1] == ' ' || head[end + 1] == '\t')) {
    end = head.find('\n', end + 1);
  }
  std::string_view field = head.substr(0, end);
  head.remove_prefix(std::min(field.size() + 1, head.size()));
  if (field.ends_with('\r')) field.remove_suffix(1);
  return field;
}

// Where a field is folded: the one line that it is. The blank behind a line's end stays.
void unfold(std::string_view field, std::string& line) {
  line.clear();
  for (std::size_t place = 0; place < field.size(); ++place) {
    if (field[place] == '\n' || field.substr(place, 2) == "\r\n") continue;
    line += field[place];
  }
}

bool one_matches(const std::vector<Pattern>& patterns, std::string_view line, Groups* groups) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const Pattern& pattern) { return pattern.matches(line, groups); });
}

}  // namespace

bool header_matches(const Patterns& patterns, std::string_view head, Groups* groups,
                    std::unique_ptr<const std::string>& line) {
  bool matched = patterns.any().empty();
  std::string unfolded;
  while (!head.empty()) {
    std::string_view field = take_field(head);
    if (field.empty()) break;
    const bool folded = field.find('\n') != std::string_view::npos;
    if (folded) {
      unfold(field, unfolded);
      field = unfolded;
    }
    if (one_matches(patterns.none(), field, nullptr)) return false;
    if (matched || !one_matches(patterns.any(), field, nullptr)) continue;
    matched = true;
    if (groups == nullptr) continue;
    if (folded) {
      line = std::make_unique<const std::string>(field);
      field = *line;
    }
    one_matches(patterns.any(), field, groups);
  }
  return matched;
}

}  // namespace millrace::sink::rules
