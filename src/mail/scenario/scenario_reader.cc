#include "mail/scenario/scenario_reader.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/input_file.h"
#include "base/number.h"
#include "config/toml_file.h"
#include "mail/scenario/scenario_clients.h"
#include "mail/scenario/scenario_kinds.h"
#include "mail/scenario/scenario_people.h"
#include "mail/scenario/scenario_session.h"

namespace millrace::mail {
namespace {

using config::Entry;
using config::KeyReader;
using config::Mistakes;
using config::Place;
using config::place_of;

void read_seed(const Entry& entry, Scenario& scenario) {
  const auto value = entry.value();
  if (!value) return;
  scenario.seed = whole_number(value->text);
  if (!scenario.seed) entry.reject(*value, "a whole number");
}

// --- kinds of messages

void check_name(const MessageKind& kind, const toml::table& table,
                std::map<std::string, Place>& names, Mistakes& mistakes) {
  if (kind.name.empty()) return;
  const Place place = place_of(*table.get("name"));
  const auto [taken, fresh] = names.try_emplace(kind.name, place);
  if (fresh) return;
  mistakes.add(place, fmt::format("{} is the name of another message, at {}", kind.name,
                                  mistakes.describe(taken->second)));
}

void check_weights(const Scenario& scenario, Place place, Mistakes& mistakes) {
  for (const MessageKind& kind : scenario.kinds) {
    if (kind.weight > 0) return;
  }
  if (!scenario.kinds.empty()) mistakes.add(place, "the weights of messages sum to nothing");
}

void read_kinds(const Entry& entry, Scenario& scenario) {
  Mistakes& mistakes = entry.mistakes();
  const auto* list = entry.node().as_array();
  if (list == nullptr) {
    return mistakes.add(entry.place(), "each message has a table of its own", "[[message]]");
  }
  std::map<std::string, Place> names;
  for (const toml::node& node : *list) {
    const auto* table = node.as_table();
    if (table == nullptr) {
      mistakes.add(place_of(node), "a message is a table", "[[message]]");
      continue;
    }
    if (scenario.kinds.size() == kMostKinds) {
      mistakes.add(place_of(node), "too many kinds of messages",
                   fmt::format("{} at most", kMostKinds));
      break;
    }
    scenario.kinds.push_back(read_kind(*table, mistakes));
    check_name(scenario.kinds.back(), *table, names, mistakes);
  }
  check_weights(scenario, entry.place(), mistakes);
}

void read_clients(const Entry& entry, Scenario& scenario) {
  Mistakes& mistakes = entry.mistakes();
  const auto* list = entry.node().as_array();
  if (list == nullptr) {
    return mistakes.add(entry.place(), "each client has a table of its own", "[[client]]");
  }
  double weights = 0;
  for (const toml::node& node : *list) {
    const auto* table = node.as_table();
    if (table == nullptr) {
      mistakes.add(place_of(node), "a client is a table", "[[client]]");
      continue;
    }
    if (scenario.clients.size() == kMostClientGroups) {
      return mistakes.add(place_of(node), "too many kinds of clients",
                          fmt::format("{} at most", kMostClientGroups));
    }
    weights += scenario.clients.emplace_back(read_client(*table, mistakes)).weight;
  }
  if (weights <= 0) mistakes.add(entry.place(), "the weights of clients sum to nothing");
}

template <auto kSection, auto kRead>
void read_section(const Entry& entry, Scenario& scenario) {
  const auto* table = entry.table();
  if (table != nullptr) scenario.*kSection = kRead(*table, entry.mistakes());
}

constexpr std::array<KeyReader<Scenario>, 6> kScenarioKeys = {{
    {"seed", read_seed},
    {"senders", read_section<&Scenario::senders, read_senders>},
    {"recipients", read_section<&Scenario::recipients, read_recipients>},
    {"message", read_kinds},
    {"client", read_clients},
    {"session", read_section<&Scenario::session, read_session>},
}};

// --- files

// Files are where the scenario is, unless they are named from the root on.
class BesideScenario {
 public:
  explicit BesideScenario(const std::string& file) : path_(file.substr(0, file.rfind('/') + 1)) {}

  void find(FilePath& file) const {
    if (!file.path.starts_with('/')) file.path.insert(0, path_);
  }
  void find(AddressOrigin& origin) const {
    if (auto* file = std::get_if<FilePath>(&origin)) find(*file);
  }
  void find(OriginByPart& parts) const {
    find(parts.local_parts);
    find(parts.domains);
  }
  void find(GeneratedContent& content) const {
    if (auto* file = std::get_if<FilePath>(&content.size)) find(*file);
  }
  void find(CorpusContent& content) const { find(content.corpus); }
  void find(TemplateContent& content) const {
    find(content.text);
    if (content.fields) find(*content.fields);
  }
  void find(Scenario& scenario) const {
    const auto each = [this](auto& named) { find(named); };
    if (scenario.senders.addresses) find(*scenario.senders.addresses);
    if (scenario.recipients.addresses) std::visit(each, *scenario.recipients.addresses);
    for (MessageKind& kind : scenario.kinds) {
      std::visit(each, kind.content);
      if (kind.dkim) find(kind.dkim->key);
    }
  }

 private:
  std::string path_;  // with its slash; empty for the working directory
};

}  // namespace

ScenarioRead read_scenario(std::string_view text, const std::string& path) {
  ScenarioRead read;
  Mistakes mistakes(path);
  if (const auto root = config::parse_toml(text, mistakes)) {
    config::read_table(*root, "scenario", kScenarioKeys, read.scenario, mistakes);
  }
  BesideScenario(path).find(read.scenario);
  read.mistakes = mistakes.told();
  return read;
}

ScenarioRead read_scenario_file(const std::string& path) {
  return read_scenario(read_all(open_input(path), path, config::kLargestFile), path);
}

}  // namespace millrace::mail
