#include "report/json_values.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/diagnostics.h"
#include "base/printable.h"
#include "report/json_field.h"

namespace millrace::report {

std::string shown(const Json& json) {
  constexpr std::size_t kMost = 40;
  return beginning(json.is_structured() ? json.type_name() : json.dump(), kMost);
}

std::uint64_t to_count(const Json& json) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() > kMost) {
    throw Fatal("expected a whole number, not " + shown(json));
  }
  return json.get<std::uint64_t>();
}

std::uint64_t to_whole(const Json& json, std::uint64_t most) {
  const std::uint64_t number = to_count(json);
  if (number > most) throw Fatal(shown(json) + " is out of range");
  return number;
}

double to_real(const Json& json, double most) {
  if (!json.is_number()) throw Fatal("expected a number, not " + shown(json));
  const auto number = json.get<double>();
  if (!(number >= 0 && number <= most)) throw Fatal(shown(json) + " is out of range");
  return number;
}

std::size_t to_index(const Json& json, std::span<const std::string_view> words) {
  const auto& text = json.get_ref<const std::string&>();
  const auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) throw Fatal("an unknown value: " + shown(json));
  return static_cast<std::size_t>(found - words.begin());
}

void check_list(const Json& json) {
  if (!json.is_array()) throw Fatal("expected a list, not " + shown(json));
}

double thousandths(double number) { return std::round(number * 1e3) / 1e3; }

const Json* member(const Json& object, std::string_view name, bool needed) {
  const auto found = object.find(name);
  if (found != object.end()) return &*found;
  if (needed) throw Fatal("key '" + std::string(name) + "' not found");
  return nullptr;
}

}  // namespace millrace::report
