#include "sink/rules/rule_reader.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "base/printable.h"
#include "config/toml_file.h"
#include "sink/rules/act_reader.h"
#include "sink/rules/match_reader.h"
#include "sink/rules/rule_checks.h"

namespace millrace::sink::rules {
namespace {

using config::Entry;
using config::KeyReader;
using config::Mistakes;
using config::Place;
using config::place_of;

constexpr std::size_t kLongestName = 64;

// What of a rule is read, before it is put together.
struct RuleDraft {
  std::optional<std::string> name;
  bool enabled = true;
  const toml::table* match = nullptr;
  const toml::table* act = nullptr;
};

void read_name(const Entry& entry, RuleDraft& draft) {
  auto name = entry.text();
  if (!name) return;
  if (name->empty() || name->size() > kLongestName || printable(*name, Charset::utf8) != *name) {
    return entry.reject(*name, "1 to 64 bytes that can be printed");
  }
  // Who asks for them over HTTP asks for another path: clients take them out of a URL, however they
  // are encoded (RFC 3986, 5.2.4).
  if (*name == "." || *name == "..") return entry.reject(*name, "a name that a URL can have");
  draft.name = std::move(*name);
}

void read_enabled(const Entry& entry, RuleDraft& draft) {
  if (const auto enabled = entry.node().value_exact<bool>()) {
    draft.enabled = *enabled;
  } else if (const auto value = entry.value()) {
    entry.reject(*value, "true or false");
  }
}

constexpr std::array<std::string_view, 3> kRequired = {"name", "match", "act"};
constexpr std::array<KeyReader<RuleDraft>, 4> kKeys = {{
    {"name", read_name},
    {"enabled", read_enabled},
    {"match", [](const Entry& entry, RuleDraft& draft) { draft.match = entry.table(); }},
    {"act", [](const Entry& entry, RuleDraft& draft) { draft.act = entry.table(); }},
}};

// Tables within a rule are written on one line, so that they need no name of the rule's.
void set_inline(toml::node& node) {
  if (auto* const list = node.as_array()) {
    for (toml::node& item : *list) set_inline(item);
  } else if (auto* const table = node.as_table()) {
    table->is_inline(true);
    for (auto&& [key, value] : *table) set_inline(value);
  }
}

// A rule that is enabled says nothing of it.
std::string source_of(const toml::table& rule, bool enabled) {
  std::ostringstream text;
  for (const auto& row : kKeys) {
    const toml::node* const value = rule.get(row.key);
    if (value == nullptr || (row.key == "enabled" && enabled)) continue;
    toml::table line;
    value->visit([&](const auto& one) { line.insert(row.key, one); });
    set_inline(*line.get(row.key));
    text << toml::toml_formatter(line) << '\n';
  }
  return std::move(text).str();
}

class Reader {
 public:
  void read(std::string_view text, std::string_view name) {
    Mistakes mistakes(name);
    if (const auto root = config::parse_toml(text, mistakes)) {
      for (const auto& [key, node] : *root) {
        const auto* list = node.as_array();
        if (key.str() == "rule" && list != nullptr) {
          read_list(*list, mistakes);
        } else {
          mistakes.add(place_of(key), fmt::format("unknown: {}", beginning(key.str())), "[[rule]]");
        }
      }
    }
    for (std::string& mistake : mistakes.told()) all_.mistakes.push_back(std::move(mistake));
  }

  RulesRead all() && { return std::move(all_); }

 private:
  void read_list(const toml::array& list, Mistakes& mistakes) {
    for (const toml::node& node : list) {
      if (all_.rules.size() == kMostRules) {
        mistakes.add(place_of(node), "too many rules", fmt::format("{} at most", kMostRules));
        return;
      }
      if (const auto* table = node.as_table()) {
        read_rule(*table, mistakes);
      } else {
        mistakes.add(place_of(node), "a rule is a table", "[[rule]]");
      }
    }
  }

  void read_rule(const toml::table& table, Mistakes& mistakes) {
    RuleDraft draft;
    config::read_table(table, "rule", kKeys, draft, mistakes);
    for (const std::string_view key : kRequired) {
      if (table.contains(key)) continue;
      mistakes.add(place_of(table), fmt::format("a rule without {}", key), "name, match and act");
    }
    Rule& rule = all_.rules.emplace_back();
    all_.sources.push_back(source_of(table, draft.enabled));
    rule.enabled = draft.enabled;
    if (draft.name) {
      const Place place = place_of(*table.get("name"));
      const auto [taken, fresh] = names_.try_emplace(*draft.name, mistakes.describe(place));
      if (!fresh) {
        mistakes.add(place, fmt::format("{} is the name of another rule, at {}", *draft.name,
                                        taken->second));
      }
      rule.name = std::move(*draft.name);
    }
    MatchRead read;
    if (draft.match != nullptr) read = read_match(*draft.match, mistakes);
    if (draft.act != nullptr) rule.act = read_act(*draft.act, mistakes);
    rule.match = std::move(read.match);
    if (draft.match == nullptr || draft.act == nullptr) return;
    complete({.match = *draft.match, .act = *draft.act, .all_commands = read.all_commands}, rule,
             mistakes);
  }

  RulesRead all_;
  std::map<std::string, std::string> names_;  // and where each is
};

}  // namespace

RulesRead read_rules(std::string_view text, std::string_view name) {
  Reader reader;
  reader.read(text, name);
  return std::move(reader).all();
}

RulesRead read_rules(std::span<const RuleFile> files) {
  Reader reader;
  for (const RuleFile& file : files) reader.read(file.text, file.name);
  return std::move(reader).all();
}

}  // namespace millrace::sink::rules
