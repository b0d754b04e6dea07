#include "config/toml_file.h"

#include <fmt/format.h>

#include "base/printable.h"

namespace millrace::config {
namespace {

// What helps whoever wrote "\x00".
constexpr std::string_view kBackslashes = R"(\\ for a backslash within "", or '' around the text)";

// Where a key with too many parts is: the only thing that toml++ sets no limit to. What is no TOML
// may be taken amiss from there on, which toml++ does not read.
class KeyScanner {
 public:
  explicit KeyScanner(std::string_view text) : rest_(text) {}

  std::optional<Place> find() {
    std::size_t dots = 0;
    while (!rest_.empty()) {
      const char byte = rest_.front();
      if (byte == '"' || byte == '\'') {
        skip_text(byte);
      } else if (byte == '#') {
        skip(std::min(rest_.find('\n'), rest_.size()));
      } else {
        constexpr std::string_view kEnds = "=,[]{}\n";
        if (byte == '.' && ++dots == kMostKeyParts) return place_;
        if (kEnds.find(byte) != std::string_view::npos) dots = 0;
        skip(1);
      }
    }
    return std::nullopt;
  }

 private:
  void skip(std::size_t bytes) {
    for (const char byte : rest_.substr(0, bytes)) {
      ++place_.column;
      if (byte == '\n') place_ = {.line = place_.line + 1, .column = 1};
    }
    rest_.remove_prefix(bytes);
  }

  void skip_text(char quote) {
    const std::string three(3, quote);
    const bool of_lines = rest_.starts_with(three);
    skip(of_lines ? 3 : 1);
    while (!rest_.empty()) {
      if (quote == '"' && rest_.front() == '\\') {
        skip(std::min<std::size_t>(rest_.size(), 2));
      } else if (!of_lines && rest_.front() == '\n') {
        return;
      } else if (of_lines && rest_.starts_with(three)) {
        // Two more may stand before them: they are part of the text.
        const std::string_view quotes = rest_.substr(0, 5);
        skip(std::min(quotes.find_first_not_of(quote), quotes.size()));
        return;
      } else {
        const bool end = !of_lines && rest_.front() == quote;
        skip(1);
        if (end) return;
      }
    }
  }

  std::string_view rest_;
  Place place_;
};

Place place_of(const toml::source_region& region) {
  // What toml++ makes of dotted keys stands nowhere.
  return {.line = std::max<std::uint32_t>(region.begin.line, 1),
          .column = std::max<std::uint32_t>(region.begin.column, 1)};
}

// As people write it, without an exponent.
std::string number_text(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find('e') != std::string::npos) text = fmt::format("{:.15f}", number);
  return text;
}

}  // namespace

std::optional<toml::table> parse_toml(std::string_view text, Mistakes& mistakes) {
  if (text.size() > kLargestFile) {
    mistakes.add({}, "the file is too large", "at most 1 MiB");
    return std::nullopt;
  }
  if (const auto place = KeyScanner(text).find()) {
    mistakes.add(*place, "a key has too many parts", "at most 8");
    return std::nullopt;
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const bool escape = error.description().find("escape sequence") != std::string_view::npos;
    mistakes.add(place_of(error.source()), error.description(), escape ? kBackslashes : "");
    return std::nullopt;
  }
}

Place place_of(const toml::node& node) { return place_of(node.source()); }
Place place_of(const toml::key& key) { return place_of(key.source()); }

std::optional<Place> place_of(const toml::table& table, std::string_view key) {
  const auto found = table.find(key);
  if (found == table.end()) return std::nullopt;
  return place_of(found->first);
}

std::optional<Value> Entry::one_value_of(const toml::node& node, bool texts_only) const {
  if (!node.is_array()) return value_of(node, texts_only);
  mistakes_.add(place_of(node), fmt::format("bad {}", key()), "one value, no list");
  return std::nullopt;
}

std::optional<Value> Entry::value_of(const toml::node& node, bool texts_only) const {
  const Place place = place_of(node);
  if (const auto* text = node.as_string()) return Value{.text = text->get(), .place = place};
  if (!texts_only) {
    if (const auto* number = node.as_integer()) {
      return Value{.text = std::to_string(number->get()), .place = place};
    }
    if (const auto* number = node.as_floating_point()) {
      return Value{.text = number_text(number->get()), .place = place};
    }
    if (const auto* truth = node.as_boolean()) {
      return Value{.text = truth->get() ? "true" : "false", .place = place};
    }
  }
  mistakes_.add(place, fmt::format("bad {}", key()),
                texts_only ? "a text in quotes" : "a text or a number");
  return std::nullopt;
}

std::optional<Value> Entry::value() const { return one_value_of(node_, false); }

std::optional<std::string> Entry::text() const {
  const auto value = one_value_of(node_, true);
  if (!value) return std::nullopt;
  return value->text;
}

const toml::table* Entry::table() const {
  const auto* table = node_.as_table();
  if (table == nullptr) mistakes_.add(place_of(node_), fmt::format("bad {}", key()), "a table");
  return table;
}

bool Entry::is_true() const {
  const auto* truth = node_.as_boolean();
  if (truth != nullptr && truth->get()) return true;
  mistakes_.add(place_of(node_), fmt::format("bad {}", key()), "true, or not to be there");
  return false;
}

std::vector<Value> Entry::values(bool texts_only) const {
  std::vector<Value> values;
  const auto* list = node_.as_array();
  if (list == nullptr) {
    if (auto value = value_of(node_, texts_only)) values.push_back(std::move(*value));
    return values;
  }
  if (list->empty()) mistakes_.add(place_of(node_), fmt::format("{} is an empty list", key()));
  for (const toml::node& item : *list) {
    if (auto value = value_of(item, texts_only)) values.push_back(std::move(*value));
  }
  return values;
}

void Entry::reject(const Value& value, std::string_view expected) const {
  const std::string shown = value.text.empty() ? "\"\"" : beginning(value.text);
  mistakes_.add(value.place, fmt::format("bad {}: {}", key(), shown), expected);
}

void Entry::reject(std::string_view text, std::string_view expected) const {
  reject({.text = std::string(text), .place = place_of(node_)}, expected);
}

void unknown_key(const toml::key& key, std::string_view what,
                 const std::vector<std::string_view>& known, Mistakes& mistakes) {
  mistakes.add(place_of(key), fmt::format("unknown key of {}: {}", what, beginning(key.str())),
               fmt::format("one of {}", fmt::join(known, ", ")));
}

}  // namespace millrace::config
