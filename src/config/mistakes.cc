#include "config/mistakes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"

namespace millrace::config {

void Mistakes::add(Place place, std::string_view what, std::string_view expected) {
  std::string text(what);
  if (!expected.empty()) text.append(" (expected ").append(expected).append(")");
  found_.emplace_back(place, printable(text, Charset::utf8));
}

std::vector<std::string> Mistakes::told() const {
  auto in_order = found_;
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const auto& one, const auto& other) { return one.first < other.first; });
  std::vector<std::string> lines;
  for (const auto& [place, text] : in_order) {
    if (lines.size() == kMostTold) {
      lines.push_back(
          fmt::format("{}: {} more mistakes", describe(place), in_order.size() - kMostTold));
      break;
    }
    lines.push_back(fmt::format("{}: {}", describe(place), text));
  }
  return lines;
}

std::string Mistakes::describe(Place place) const {
  return fmt::format("{}:{}:{}", file_, place.line, place.column);
}

}  // namespace millrace::config
