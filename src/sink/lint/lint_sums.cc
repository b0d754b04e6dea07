#include "sink/lint/lint_sums.h"

#include <fmt/format.h>

namespace millrace::sink {
namespace {

std::string shown_client(const std::string& address, const std::string& hello) {
  return hello.empty() ? address : fmt::format("{} ({})", address, hello);
}

}  // namespace

void LintSums::add(const std::string& address, const std::string& hello,
                   const SessionFindings& findings) {
  ++sessions_;
  if (findings.all().empty()) return;
  ++faulty_;
  for (const SessionFindings::Found& one : findings.all()) {
    Total& total = totals_[index(one.finding)];
    if (total.times == 0) {
      total.sample = one.sample;
      total.client = shown_client(address, hello);
    }
    total.times += one.times;
    ++total.sessions;
  }
  add_client(address, hello, findings);
}

void LintSums::add_client(const std::string& address, const std::string& hello,
                          const SessionFindings& findings) {
  const std::pair key(address, hello);
  auto place = clients_.find(key);
  if (place == clients_.end()) {
    if (clients_.size() >= metrics::LintMetrics::kMostClients) {
      ++untold_;
      return;
    }
    place = clients_.emplace(key, Client()).first;
  }
  ++place->second.sessions;
  for (const SessionFindings::Found& one : findings.all()) {
    place->second.times[index(one.finding)] += one.times;
  }
}

metrics::LintMetrics LintSums::findings() const {
  metrics::LintMetrics found{.sessions = sessions_, .faulty = faulty_, .untold = untold_};
  for (const FindingSpec& row : kFindings) {
    const Total& total = totals_[index(row.finding)];
    if (total.times == 0) continue;
    found.findings.push_back({.name = std::string(row.name),
                              .what = std::string(row.what),
                              .rfc = std::string(row.rfc),
                              .times = total.times,
                              .sessions = total.sessions,
                              .sample = total.sample,
                              .client = total.client});
  }
  return found;
}

metrics::LintMetrics LintSums::found() const {
  metrics::LintMetrics found = findings();
  for (const auto& [who, client] : clients_) {
    metrics::LintClient& one = found.clients.emplace_back();
    one.address = who.first;
    one.hello = who.second;
    one.sessions = client.sessions;
    for (const FindingSpec& row : kFindings) {
      const std::uint64_t times = client.times[index(row.finding)];
      if (times > 0) one.findings.push_back({.name = std::string(row.name), .times = times});
    }
  }
  return found;
}

}  // namespace millrace::sink
