#include "sink/lint/lint_totals.h"

#include <fmt/format.h>

#include "base/diagnostics.h"
#include "base/quantity.h"

namespace millrace::sink {
namespace {

smtp::GivenReply refusal_of(const FindingSpec& row, std::string_view code) {
  if (code.empty()) return nullptr;
  return smtp::given_reply(
      fmt::format("{} Error: {} ({}: {})\r\n", code, row.what, row.name, row.rfc));
}

std::string shown_client(const std::string& address, const std::string& hello) {
  return hello.empty() ? address : fmt::format("{} ({})", address, hello);
}

}  // namespace

LintTotals::LintTotals(LintMode mode) : mode_(mode) {
  for (const FindingSpec& row : kFindings)
    refusals_[index(row.finding)] = refusal_of(row, row.code);
  for (std::size_t row = 0; row < kOtherCodes.size(); ++row) {
    other_refusals_[row] = refusal_of(spec(kOtherCodes[row].finding), kOtherCodes[row].code);
  }
}

const smtp::GivenReply& LintTotals::refusal(SessionFindings::Objection objection) const {
  for (std::size_t row = 0; row < kOtherCodes.size(); ++row) {
    const OtherCode& other = kOtherCodes[row];
    if (other.finding == objection.finding && other.about == objection.about) {
      return other_refusals_[row];
    }
  }
  return refusals_[index(objection.finding)];
}

void LintTotals::add(const std::string& address, const std::string& hello,
                     const SessionFindings& findings) {
  const std::lock_guard lock(mutex_);
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

void LintTotals::add_client(const std::string& address, const std::string& hello,
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

metrics::LintMetrics LintTotals::found() {
  const std::lock_guard lock(mutex_);
  metrics::LintMetrics found{
      .strict = strict(), .sessions = sessions_, .faulty = faulty_, .untold = untold_};
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

void LintTotals::finish() { inform(describe(found())); }

std::string describe(const metrics::LintMetrics& found) {
  std::string text = fmt::format("lint: {} of {} session{} broke a rule", found.faulty,
                                 found.sessions, plural(found.sessions));
  std::string_view separator = ": ";
  for (const metrics::LintFinding& one : found.findings) {
    text += fmt::format("{}{} {}", separator, one.name, one.times);
    separator = ", ";
  }
  return text;
}

}  // namespace millrace::sink
