#include "mail/scenario_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/printable.h"
#include "base/quantity.h"
#include "mail/weights.h"

namespace millrace::mail {
namespace {

using config::Entry;
using config::place_of;
using config::Value;

constexpr std::size_t kLongestPath = 4096;  // bytes: PATH_MAX

bool whole_from_one(double number) { return number >= 1 && number == std::floor(number); }

// Whether what is written says nothing but whole numbers from 1 on; what others come to is rounded.
bool from_one(const Distribution& distribution) {
  if (const auto* constant = std::get_if<Constant>(&distribution)) {
    return whole_from_one(constant->value);
  }
  if (const auto* uniform = std::get_if<Uniform>(&distribution)) {
    return whole_from_one(uniform->least) && whole_from_one(uniform->most);
  }
  return true;
}

std::optional<Distribution> parse(const std::string& text, const Drawn& drawn, std::string& why) {
  auto distribution = parse_distribution(text, drawn.measure, why);
  if (distribution && drawn.from_one && !from_one(*distribution)) {
    why = fmt::format("'{}' is not of whole numbers from 1 on", beginning(text));
    return std::nullopt;
  }
  return distribution;
}

std::optional<double> weight_of(const Entry& entry) {
  if (entry.node().is_table()) {
    entry.mistakes().add(entry.place(), fmt::format("{} has no weight", beginning(entry.key())),
                         "quotes around what has dots, as \"big.test\" = 45");
    return std::nullopt;
  }
  return read_weight(entry);
}

// What the keys of a table say, with their weights. `Item`: of what `read` makes of a key, which
// says why not when it cannot, and a weight.
template <typename Item, typename Read>
std::vector<Item> read_weights(const Entry& entry, const toml::table& table, Read read) {
  std::vector<Item> items;
  double sum = 0;
  bool all = true;
  for (const auto& [key, node] : table) {
    std::string why;
    auto item = read(std::string(key.str()), why);
    if (!item) {
      entry.mistakes().add(place_of(key), fmt::format("bad {}: {}", entry.key(), why));
    }
    const auto weight = weight_of(Entry(key, node, entry.mistakes()));
    all = all && item && weight;
    if (!item || !weight) continue;
    sum += *weight;
    items.push_back({std::move(*item), *weight});
  }
  if (all && sum == 0) {
    entry.mistakes().add(place_of(entry.node()),
                         fmt::format("the weights of {} sum to nothing", entry.key()));
  }
  return items;
}

// The rule of AddressSource::of_text.
bool names_file(std::string_view text, AddressPart part) {
  return text.starts_with("/") || text.starts_with("./") || text.starts_with("../") ||
         (part == AddressPart::mailbox && text.find('@') == std::string_view::npos);
}

// Why a text is no path; empty when it is one.
std::string_view path_mistake(std::string_view text) {
  if (text.empty()) return "no file is named";
  if (text.size() > kLongestPath) return "the path of the file is too long";
  if (text.find('\0') != std::string_view::npos) return "a path has no NUL";
  return "";
}

std::optional<FilePath> path_of(const Entry& entry, std::string text) {
  if (const auto why = path_mistake(text); !why.empty()) {
    reject_for(entry, why);
    return std::nullopt;
  }
  return FilePath{std::move(text)};
}

}  // namespace

Drawn drawn_sizes() { return {bytes_up_to(kLargestMessage)}; }
Drawn drawn_recipients() { return {.measure = numbers_up_to(kMostRecipients), .from_one = true}; }
Drawn drawn_messages() { return {.measure = numbers_up_to(kMostMessages), .from_one = true}; }
Drawn drawn_times() { return {times_up_to(kLongestThink)}; }

void reject_for(const Entry& entry, std::string_view why) {
  entry.mistakes().add(place_of(entry.node()), fmt::format("bad {}: {}", entry.key(), why));
}

std::optional<Distribution> read_distribution(const Entry& entry, const Drawn& drawn) {
  const auto value = entry.value();
  if (!value) return std::nullopt;
  std::string why;
  auto distribution = parse(value->text, drawn, why);
  if (!distribution) reject_for(entry, why);
  return distribution;
}

Mixture read_mixture(const Entry& entry, const Drawn& drawn) {
  if (const auto* table = entry.node().as_table()) {
    return read_weights<WeightedDistribution>(
        entry, *table,
        [&](const std::string& text, std::string& why) { return parse(text, drawn, why); });
  }
  const auto distribution = read_distribution(entry, drawn);
  if (!distribution) return {};
  return {{.distribution = *distribution}};
}

std::optional<AddressOrigin> read_origin(const Entry& entry, AddressPart part) {
  const auto checked = [part](std::string text, std::string& why) -> std::optional<std::string> {
    if (!Pattern::parse(text, part, why)) return std::nullopt;
    return text;
  };
  if (const auto* table = entry.node().as_table()) {
    return read_weights<WeightedPattern>(entry, *table, checked);
  }
  auto text = entry.text();
  if (!text) return std::nullopt;
  if (names_file(*text, part)) return path_of(entry, std::move(*text));
  std::string why;
  auto pattern = checked(std::move(*text), why);
  if (!pattern) {
    reject_for(entry, why);
    return std::nullopt;
  }
  return std::vector<WeightedPattern>{{.text = std::move(*pattern)}};
}

std::optional<double> read_share(const Entry& entry) {
  const auto value = entry.value();
  if (!value) return std::nullopt;
  const auto read = share(value->text);
  if (!read) entry.reject(*value, "a share, as 80% or 0.8");
  return read;
}

std::optional<double> read_weight(const Entry& entry) {
  const auto value = entry.value();
  if (!value) return std::nullopt;
  const auto number = decimal(value->text);
  if (number && weight_mistake(*number).empty()) return number;
  entry.reject(*value, "a weight: a number from 0 to 1e15");
  return std::nullopt;
}

std::optional<FilePath> read_path(const Entry& entry) {
  auto text = entry.text();
  if (!text) return std::nullopt;
  return path_of(entry, std::move(*text));
}

}  // namespace millrace::mail
