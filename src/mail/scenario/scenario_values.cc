#include "mail/scenario/scenario_values.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/printable.h"
#include "base/quantity.h"
#include "mail/scenario/scenario_texts.h"

namespace millrace::mail {
namespace {

using config::Entry;
using config::place_of;

void tell_why(const Entry& entry, config::Place place, std::string_view why) {
  entry.mistakes().add(place, fmt::format("bad {}: {}", entry.key(), why));
}

template <typename Value>
std::optional<Value> read_text(const Entry& entry, std::string_view text, ReadText<Value> read) {
  std::string why;
  auto value = read(text, why);
  if (!value) tell_why(entry, place_of(entry.node()), why);
  return value;
}

std::optional<double> weight_of(const Entry& entry) {
  if (!entry.node().is_table()) return read_weight(entry);
  entry.mistakes().add(entry.place(), fmt::format("{} has no weight", beginning(entry.key())),
                       "quotes around what has dots, as \"big.test\" = 45");
  return std::nullopt;
}

// What the keys of a table say, with their weights. `Item`: of what `read` makes of a key, and a
// weight.
template <typename Item, typename Read>
std::vector<Item> read_weights(const Entry& entry, const toml::table& table, Read read) {
  std::vector<Item> items;
  double sum = 0;
  bool all = true;
  for (const auto& [key, node] : table) {
    std::string why;
    auto item = read(key.str(), why);
    if (!item) tell_why(entry, place_of(key), why);
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

}  // namespace

std::optional<Distribution> read_distribution(const Entry& entry, ReadText<Distribution> read) {
  const auto value = entry.value();
  if (!value) return std::nullopt;
  return read_text(entry, value->text, read);
}

Mixture read_mixture(const Entry& entry, ReadText<Distribution> read) {
  if (const auto* table = entry.node().as_table()) {
    return read_weights<WeightedDistribution>(entry, *table, read);
  }
  const auto distribution = read_distribution(entry, read);
  if (!distribution) return {};
  return {{.distribution = *distribution}};
}

std::optional<AddressOrigin> read_origin(const Entry& entry, AddressPart part,
                                         ReadText<AddressOrigin> read) {
  if (const auto* table = entry.node().as_table()) {
    return read_weights<WeightedPattern>(
        entry, *table,
        [part](std::string_view text, std::string& why) { return pattern_of(part, text, why); });
  }
  const auto text = entry.text();
  if (!text) return std::nullopt;
  return read_text(entry, *text, read);
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
  return read_text(entry, value->text, weight);
}

std::optional<FilePath> read_path(const Entry& entry) {
  const auto text = entry.text();
  if (!text) return std::nullopt;
  return read_text(entry, *text, file_path);
}

}  // namespace millrace::mail
