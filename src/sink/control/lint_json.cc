#include "sink/control/lint_json.h"

#include <utility>

#include "sink/control/json_values.h"

namespace millrace::sink {
namespace {

using nlohmann::json;

json finding_json(const metrics::LintFinding& finding) {
  return {{"name", finding.name},
          {"what", finding.what},
          {"rfc", finding.rfc},
          {"count", finding.times},
          {"sessions", finding.sessions},
          {"sample", text_json(finding.sample)},
          {"client", text_json(finding.client)}};
}

json judged_json(const metrics::LintClient& client) {
  json findings = json::array();
  for (const metrics::LintCount& one : client.findings) {
    findings.push_back({{"name", one.name}, {"count", one.times}});
  }
  return {{"address", client.address},
          {"hello", text_json(client.hello)},
          {"sessions", client.sessions},
          {"findings", std::move(findings)}};
}

}  // namespace

json lint_json(const metrics::LintMetrics& found) {
  json findings = json::array();
  for (const metrics::LintFinding& one : found.findings) findings.push_back(finding_json(one));
  json clients = json::array();
  for (const metrics::LintClient& one : found.clients) clients.push_back(judged_json(one));
  return {{"strict", found.strict},          {"sessions", found.sessions},
          {"faulty_sessions", found.faulty}, {"findings", std::move(findings)},
          {"clients", std::move(clients)},   {"untold_sessions", found.untold}};
}

json lint_counts_json(const metrics::LintMetrics& found) {
  json findings = json::array();
  for (const metrics::LintFinding& one : found.findings) {
    findings.push_back({{"name", one.name}, {"count", one.times}});
  }
  return {{"sessions", found.sessions},
          {"faulty_sessions", found.faulty},
          {"findings", std::move(findings)}};
}

}  // namespace millrace::sink
