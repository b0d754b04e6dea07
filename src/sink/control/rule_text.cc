#include "sink/control/rule_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <sstream>
#include <utility>

#include "base/printable.h"
#include "base/quantity.h"
#include "config/toml_file.h"
#include "sink/control/json_values.h"

namespace millrace::sink {
namespace {

using nlohmann::json;

// Of values within each other. A rule needs five.
constexpr int kMostDepth = 16;

constexpr std::string_view kDigits = "0123456789";

json json_of(const toml::node& node) {
  if (const auto* const table = node.as_table()) {
    json object = json::object();
    for (const auto& [key, value] : *table) object[std::string(key.str())] = json_of(value);
    return object;
  }
  if (const auto* const list = node.as_array()) {
    json array = json::array();
    for (const toml::node& item : *list) array.push_back(json_of(item));
    return array;
  }
  if (const auto* const text = node.as_string()) return text->get();
  if (const auto* const truth = node.as_boolean()) return truth->get();
  if (const auto* const number = node.as_integer()) return number->get();
  if (const auto* const number = node.as_floating_point(); number && std::isfinite(number->get())) {
    return number->get();
  }
  // A date, or a number that is none: no rule has them.
  std::ostringstream text;
  node.visit([&text](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) text << value;
  });
  return std::move(text).str();
}

// Puts values of JSON into a table or a list of TOML. What TOML has not is told.
class TomlWriter {
 public:
  explicit TomlWriter(std::vector<std::string>& mistakes) : mistakes_(mistakes) {}

  toml::table table_of(const json& object) {
    toml::table table;
    table.is_inline(true);
    for (const auto& [key, value] : object.items()) {
      put(value, [&table, &name = key](auto&& item) {
        table.insert_or_assign(name, std::forward<decltype(item)>(item));
      });
    }
    return table;
  }

 private:
  toml::array array_of(const json& list) {
    toml::array array;
    for (const json& value : list) {
      put(value, [&array](auto&& item) { array.push_back(std::forward<decltype(item)>(item)); });
    }
    return array;
  }

  template <typename Take>
  void put(const json& value, const Take& take) {
    if (value.is_object()) {
      take(table_of(value));
    } else if (value.is_array()) {
      take(array_of(value));
    } else if (value.is_string()) {
      take(value.get<std::string>());
    } else if (value.is_boolean()) {
      take(value.get<bool>());
    } else if (value.is_number_float()) {
      take(value.get<double>());
    } else if (value.is_number_unsigned() &&
               value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
      mistakes_.emplace_back("a number is too large");
    } else if (value.is_number()) {
      take(value.get<std::int64_t>());
    } else {
      mistakes_.emplace_back("null says nothing (expected a value, or no key)");
    }
  }

  std::vector<std::string>& mistakes_;
};

std::string toml_of(const json& object, std::vector<std::string>& mistakes) {
  toml::table rule = TomlWriter(mistakes).table_of(object);
  rule.is_inline(false);
  std::ostringstream text;
  text << "[[rule]]\n" << toml::toml_formatter(rule) << '\n';
  return std::move(text).str();
}

// What a rule is known by while it may have no name.
std::string known_as(const json& object, std::size_t number) {
  const auto name = object.find("name");
  if (name == object.end() || !name->is_string()) return fmt::format("rule {}", number);
  return beginning(name->get<std::string>());
}

// Lines and columns are those of a text that nobody has seen.
std::string without_places(std::string mistake, const std::string& name) {
  mistake.erase(std::min(mistake.find(", at " + name + ":"), mistake.size()));
  std::string_view rest = mistake;
  rest.remove_prefix(name.size());
  for (int number = 0; number < 2; ++number) {
    if (!rest.starts_with(':')) return mistake;
    rest.remove_prefix(std::min(rest.find_first_not_of(kDigits, 1), rest.size()));
  }
  return name + std::string(rest);
}

}  // namespace

JsonRead read_json(std::string_view text) {
  bool deep = false;
  const std::string too_deep = "values are too deep within each other";
  const auto look = [&deep](int depth, json::parse_event_t /*event*/, const json& /*value*/) {
    deep = deep || depth > kMostDepth;
    return !deep;
  };
  try {
    JsonRead read{.value = json::parse(text, look)};
    if (!deep) return read;
    return {.mistakes = {too_deep}};
  } catch (const json::parse_error& error) {
    if (deep) return {.mistakes = {too_deep}};
    return {.mistakes = {fmt::format("no JSON: wrong at byte {}", error.byte)}};
  }
}

JsonRead read_toml(std::string_view text) {
  config::Mistakes mistakes("rules");
  const auto table = config::parse_toml(text, mistakes);
  if (!table) return {.mistakes = mistakes.told()};
  return {.value = json_of(*table)};
}

json rule_json(const std::string& source) {
  json rule = read_toml(source).value;
  rule.emplace("enabled", true);
  return rule;
}

rules::RulesRead rules_of(const std::vector<json>& objects) {
  std::vector<rules::RuleFile> files;
  std::vector<std::string> mistakes;
  for (const json& object : objects) {
    const std::string name = known_as(object, files.size() + 1);
    std::vector<std::string> wrong;
    if (!object.is_object()) wrong.emplace_back("a rule is an object");
    files.push_back({.name = name, .text = wrong.empty() ? toml_of(object, wrong) : ""});
    for (const std::string& what : wrong) mistakes.push_back(fmt::format("{}: {}", name, what));
  }
  if (!mistakes.empty()) return {.mistakes = std::move(mistakes)};
  rules::RulesRead read = rules::read_rules(files);
  for (std::string& mistake : read.mistakes) {
    for (const rules::RuleFile& file : files) {
      if (!mistake.starts_with(file.name + ":")) continue;
      mistake = without_places(std::move(mistake), file.name);
      break;
    }
  }
  return read;
}

std::string rules_toml(const std::vector<std::string>& sources) {
  std::string text;
  for (const std::string& source : sources) {
    text.append(text.empty() ? "" : "\n").append("[[rule]]\n").append(source);
  }
  return text;
}

http::Response mistaken(const std::vector<std::string>& mistakes) {
  json told = json::array();
  for (const std::string& mistake : mistakes) told.push_back(printable(mistake, Charset::utf8));
  http::Response response =
      json_response({{"error", fmt::format("{} mistake{}: nothing was changed", told.size(),
                                           plural(told.size()))},
                     {"mistakes", std::move(told)}});
  response.status = 400;
  return response;
}

}  // namespace millrace::sink
