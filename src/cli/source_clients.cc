#include "cli/source_clients.h"

#include <fmt/format.h>

#include "base/diagnostics.h"
#include "cli/source_arguments.h"
#include "cli/text_values.h"

namespace millrace::cli {
namespace {

mail::ClientGroup client(const std::string& text, std::string_view names) {
  std::string why;
  auto group = mail::client_group(text, why);
  if (!group) reject("client", text, names, why);
  return std::move(*group);
}

const std::vector<mail::ClientGroup>& groups_of(const SourceArguments& given,
                                                const std::vector<mail::ClientGroup>& scenario) {
  if (scenario.empty()) return given.client;
  if (given.misbehaves()) {
    throw Fatal("--client cannot be used: the scenario says what clients there are");
  }
  if (given.lmtp) throw Fatal(kClientsSpeakSmtp);
  if (given.stages_of_sessions()) throw Fatal(kClientsNeedSessions);
  if (given.find_sessions) throw Fatal(kClientsNeedTheirSessions);
  if (given.tls && mail::any_says_starttls(scenario)) throw Fatal(kStartTlsInTheClear);
  return scenario;
}

// What is told of TLS is for somebody.
void check_tls(const SourceArguments& given, const std::vector<mail::ClientGroup>& groups) {
  if (!given.tells_of_tls() || given.uses_tls() || mail::any_says_starttls(groups)) return;
  throw Fatal("options of TLS need --starttls or --tls, or clients that misbehave by STARTTLS");
}

}  // namespace

void add_client_options(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Clients that misbehave (errors are counted, and end nothing)");
  group.each("--client", "TEXT",
             "a kind and its value, and before that how\nmany of -s: '95% idle 60s'", given.client,
             client);
}

void build_clients(const SourceArguments& given, const std::vector<mail::ClientGroup>& scenario,
                   source::SourceOptions& options) {
  const auto& groups = groups_of(given, scenario);
  check_tls(given, groups);
  if (groups.empty() || given.show) return;
  if (groups.size() > mail::kMostClientGroups) {
    throw Fatal(fmt::format("more than {} kinds of clients", mail::kMostClientGroups));
  }
  std::string why;
  const auto allotment = mail::allot(groups, options.sessions, why);
  if (!allotment) throw Fatal(why);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].behaviour.good() || allotment->sessions[i] == 0) continue;
    options.clients.push_back(
        {.behaviour = groups[i].behaviour, .sessions = allotment->sessions[i]});
  }
  options.sessions = allotment->good;
  options.on_trouble = source::OnTrouble::count;
  if (options.load.open_loop) {
    if (options.sessions > 0) return;
    throw Fatal("a rate is that of good clients, and there are none: add --client good");
  }
  // In closed loop the level is that of good sessions.
  for (source::Stage& stage : options.load.schedule) stage.from = stage.to = options.sessions;
}

std::string describe_clients(const source::SourceOptions& options) {
  std::string text;
  for (const source::MisbehavingGroup& group : options.clients) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", group.sessions, group.behaviour.text);
  }
  return text + fmt::format(", {} {}", options.sessions, mail::kGoodClient);
}

}  // namespace millrace::cli
