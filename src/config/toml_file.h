#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/mistakes.h"

// config/ is how files that people write are read: TOML, with all mistakes told at once, each with
// its line and column. It knows nothing of what the files are about. Here: tables of known keys,
// whose values are texts, one or a list, or tables again.
namespace millrace::config {

// The largest file that is read.
inline constexpr std::size_t kLargestFile = 1 << 20;
// So many parts a key may have, as a.b.c has three: toml++ takes a table apart by recursion.
inline constexpr std::size_t kMostKeyParts = 8;

// What a text says; nothing, which is a mistake, when it is no TOML, or goes beyond the limits.
std::optional<toml::table> parse_toml(std::string_view text, Mistakes& mistakes);

Place place_of(const toml::node& node);
Place place_of(const toml::key& key);
// Where a table has a key; nothing when it has not.
std::optional<Place> place_of(const toml::table& table, std::string_view key);

// A value: what a text says, or how a number or a truth value is written.
struct Value {
  std::string text;
  Place place;
};

// A key of a table, with its value.
class Entry {
 public:
  Entry(const toml::key& key, const toml::node& node, Mistakes& mistakes)
      : key_(key), node_(node), mistakes_(mistakes) {}

  [[nodiscard]] std::string_view key() const { return key_.str(); }
  [[nodiscard]] Place place() const { return place_of(key_); }
  [[nodiscard]] const toml::node& node() const { return node_; }
  [[nodiscard]] Mistakes& mistakes() const { return mistakes_; }

  // Its one value; nothing, which is a mistake, when it is a list, a table or a date.
  [[nodiscard]] std::optional<Value> value() const;
  // The same where it must be a text.
  [[nodiscard]] std::optional<std::string> text() const;
  // Its table; nullptr, which is a mistake, when it is none.
  [[nodiscard]] const toml::table* table() const;
  // Whether it is `true`, without quotes; all else is a mistake.
  [[nodiscard]] bool is_true() const;

  // Its one value, or those of its list, which must not be empty; what is none is left out, and is
  // a mistake. `texts_only`: numbers and truth values are none.
  [[nodiscard]] std::vector<Value> values(bool texts_only = false) const;

  // "bad KEY: VALUE (expected what)".
  void reject(const Value& value, std::string_view expected) const;
  // The same where its one value is this text.
  void reject(std::string_view text, std::string_view expected) const;

 private:
  [[nodiscard]] std::optional<Value> one_value_of(const toml::node& node, bool texts_only) const;
  [[nodiscard]] std::optional<Value> value_of(const toml::node& node, bool texts_only) const;

  const toml::key& key_;
  const toml::node& node_;
  Mistakes& mistakes_;
};

// What reads the value of a key into something.
template <typename Into>
struct KeyReader {
  std::string_view key;
  void (*read)(const Entry& entry, Into& into);
};

// "unknown key of WHAT: KEY (expected one of ...)".
void unknown_key(const toml::key& key, std::string_view what,
                 const std::vector<std::string_view>& known, Mistakes& mistakes);

// Has each key of a table read by its row; `what`: what the table is called.
template <typename Readers, typename Into>
void read_table(const toml::table& table, std::string_view what, const Readers& readers, Into& into,
                Mistakes& mistakes) {
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    const auto row = std::find_if(readers.begin(), readers.end(),
                                  [&](const auto& reader) { return reader.key == name; });
    if (row != readers.end()) {
      row->read(Entry(key, node, mistakes), into);
      continue;
    }
    std::vector<std::string_view> known;
    for (const auto& reader : readers) known.push_back(reader.key);
    unknown_key(key, what, known, mistakes);
  }
}

}  // namespace millrace::config
