#include "report/lint_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quantity.h"
#include "report/text.h"
#include "report/wrapping.h"

namespace millrace::report {
namespace {

using metrics::LintClient;
using metrics::LintFinding;
using metrics::LintMetrics;

constexpr std::size_t kMostLintClients = 10;  // that are listed
constexpr std::size_t kLintIndent = 6;

void write_wrapped(Writer& out, const std::string& text) {
  for (const std::string& line : wrapped(text, kWrapColumn - kLintIndent)) {
    out.line("      {}", line);
  }
}

void write_finding(Writer& out, const LintFinding& finding) {
  out.line("{}", out.style().red(fmt::format("  {:<22} {:>11}  in {} session{}", finding.name,
                                             count(finding.times), count(finding.sessions),
                                             plural(finding.sessions))));
  out.line("      {} ({})", finding.what, finding.rfc);
  const std::string client = "from " + finding.client;
  if (finding.sample.empty()) return out.line("      {}", client);
  out.line("      \"{}\" {}", finding.sample, client);
}

std::uint64_t times(const LintClient& client) {
  std::uint64_t sum = 0;
  for (const metrics::LintCount& one : client.findings) sum += one.times;
  return sum;
}

void write_client(Writer& out, const LintClient& client) {
  const std::string who =
      client.hello.empty() ? client.address : fmt::format("{} ({})", client.address, client.hello);
  out.line("    {}, {} session{}", who, count(client.sessions), plural(client.sessions));
  std::string found;
  for (const metrics::LintCount& one : client.findings) {
    found += fmt::format("{}{} {}", found.empty() ? "" : ", ", one.name, count(one.times));
  }
  write_wrapped(out, found);
}

// Those with most findings come first.
std::vector<const LintClient*> worst(const std::vector<LintClient>& clients) {
  std::vector<const LintClient*> sorted;
  for (const LintClient& client : clients) sorted.push_back(&client);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const LintClient* a, const LintClient* b) { return times(*a) > times(*b); });
  return sorted;
}

}  // namespace

void write_lint(Writer& out, const std::optional<LintMetrics>& lint) {
  if (!lint) return;
  out.heading(fmt::format("Lint: {} of {} session{} broke a rule{}", count(lint->faulty),
                          count(lint->sessions), plural(lint->sessions),
                          lint->strict ? ", which was refused" : ""));
  for (const LintFinding& finding : lint->findings) write_finding(out, finding);
  if (lint->clients.empty()) return;
  out.line("  by client");
  const auto clients = worst(lint->clients);
  const std::size_t listed = std::min(clients.size(), kMostLintClients);
  for (std::size_t i = 0; i < listed; ++i) write_client(out, *clients[i]);
  if (clients.size() > listed) {
    out.line("    and {} more (see --json)", count(clients.size() - listed));
  }
  if (lint->untold > 0) {
    out.line("    and {} session{} of clients that are not told apart", count(lint->untold),
             plural(lint->untold));
  }
}

}  // namespace millrace::report
