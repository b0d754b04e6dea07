#include "mail/scenario/scenario_clients.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "base/printable.h"
#include "mail/scenario/scenario_values.h"

namespace millrace::mail {
namespace {

using config::Entry;
using config::KeyReader;

void read_kind_of_client(const Entry& entry, ClientGroup& group) {
  const auto text = entry.text();
  if (!text) return;
  std::string why;
  auto behaviour = client_behaviour(*text, why);
  if (!behaviour) {
    return entry.mistakes().add(entry.place(),
                                fmt::format("bad kind: {} ({})", beginning(*text), why));
  }
  group.behaviour = std::move(*behaviour);
}

constexpr std::array<KeyReader<ClientGroup>, 2> kClientKeys = {{
    {"kind", read_kind_of_client},
    {"weight",
     [](const Entry& entry, ClientGroup& group) {
       if (const auto weight = read_weight(entry)) group.weight = *weight;
     }},
}};

}  // namespace

ClientGroup read_client(const toml::table& table, config::Mistakes& mistakes) {
  ClientGroup group;
  config::read_table(table, "client", kClientKeys, group, mistakes);
  if (!table.contains("kind")) {
    mistakes.add(config::place_of(table), "a client without kind", "kind = \"idle 60s\"");
  }
  return group;
}

}  // namespace millrace::mail
