#include "sink/answers/header_fields.h"

#include <algorithm>

#include "smtp/keyword.h"

namespace millrace::sink {
namespace {

constexpr std::size_t kPreferredLine = 78;

// Takes the next line off the front of `text`, without what ends it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(smtp::kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(smtp::kBlanks) - first + 1);
}

}  // namespace

std::vector<HeaderField> header_fields(std::string_view section) {
  std::vector<HeaderField> fields;
  bool known = false;  // the line before this one belongs to the last field
  while (!section.empty()) {
    const std::string_view line = take_line(section);
    if (line.empty()) break;
    if (smtp::kBlanks.find(line.front()) != std::string_view::npos) {
      if (known) fields.back().value.append(" ").append(trimmed(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    known = colon != std::string_view::npos && colon > 0;
    if (!known) continue;
    fields.push_back({.name = trimmed(line.substr(0, colon)),
                      .value = std::string(trimmed(line.substr(colon + 1)))});
  }
  return fields;
}

std::string_view first_value(const std::vector<HeaderField>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const HeaderField& field) {
    return smtp::same_keyword(field.name, name);
  });
  return found == fields.end() ? std::string_view() : found->value;
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(":");
  std::size_t column = name.size() + 1;
  while (!value.empty()) {
    const std::string_view word = smtp::take_word(value, " ");
    if (word.empty()) break;
    if (column + 1 + word.size() > kPreferredLine && column > name.size() + 1) {
      text.append("\r\n");
      column = 0;
    }
    text.append(" ").append(word);
    column += 1 + word.size();
  }
  text.append("\r\n");
}

}  // namespace millrace::sink
