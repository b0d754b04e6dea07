#include "metrics/lint_metrics.h"

#include <algorithm>
#include <map>
#include <utility>

namespace millrace::metrics {
namespace {

void add_finding(std::vector<LintFinding>& sum, const LintFinding& finding) {
  const auto same = [&](const LintFinding& one) { return one.name == finding.name; };
  const auto found = std::find_if(sum.begin(), sum.end(), same);
  if (found == sum.end()) return sum.push_back(finding);
  found->times += finding.times;
  found->sessions += finding.sessions;
}

void add_count(std::vector<LintCount>& sum, const LintCount& count) {
  const auto same = [&](const LintCount& one) { return one.name == count.name; };
  const auto found = std::find_if(sum.begin(), sum.end(), same);
  if (found == sum.end()) return sum.push_back(count);
  found->times += count.times;
}

}  // namespace

void LintMetrics::add(const LintMetrics& other) {
  strict = strict || other.strict;
  sessions += other.sessions;
  faulty += other.faulty;
  untold += other.untold;
  for (const LintFinding& finding : other.findings) add_finding(findings, finding);
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    places.emplace(std::pair(clients[i].address, clients[i].hello), i);
  }
  for (const LintClient& client : other.clients) {
    const auto place = places.find(std::pair(client.address, client.hello));
    if (place != places.end()) {
      LintClient& row = clients[place->second];
      row.sessions += client.sessions;
      for (const LintCount& count : client.findings) add_count(row.findings, count);
    } else if (clients.size() < kMostClients) {
      places.emplace(std::pair(client.address, client.hello), clients.size());
      clients.push_back(client);
    } else {
      untold += client.sessions;
    }
  }
}

void add_lint(std::optional<LintMetrics>& sum, const std::optional<LintMetrics>& lint) {
  if (!lint) return;
  if (sum) return sum->add(*lint);
  sum = lint;
}

}  // namespace millrace::metrics
