#include "proof/tally.h"

#include <algorithm>
#include <utility>

#include "proof/fault.h"

namespace millrace::proof {
namespace {

NamedEndToEnd& at(std::vector<NamedEndToEnd>& groups, std::uint16_t group) {
  while (groups.size() <= group) groups.emplace_back();
  return groups[group];
}

// Those with anything in them, by name.
std::vector<NamedEndToEnd> named(std::vector<NamedEndToEnd> groups, const NameGroups& names) {
  std::vector<NamedEndToEnd> result;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    if (groups[group].accepted + groups[group].faults == 0) continue;
    groups[group].name = names.name(static_cast<std::uint16_t>(group));
    result.push_back(std::move(groups[group]));
  }
  return result;
}

// As long as durations can be: clocks of different machines may be further apart.
Duration as_duration(Micros time) {
  constexpr auto kLongest = std::chrono::duration_cast<Micros>(Duration::max());
  return std::clamp(time, -kLongest, kLongest);
}

// When a fault began, as far as anybody knows.
Micros moment_of(const Conclusion& conclusion) {
  if (conclusion.taken != nullptr) return conclusion.taken->first;
  return conclusion.sent != nullptr ? conclusion.sent->decisive.acknowledged : Micros{};
}

}  // namespace

Tally::Tally(Reconciliation& result, Micros start) : result_(result), start_(start) {
  result.start = start;
}

void Tally::add(const Conclusion& conclusion, std::uint16_t kind, std::uint16_t domain) {
  ProofCounts& counts = result_.counts;
  ++counts.by_verdict[static_cast<std::size_t>(conclusion.verdict)];
  const bool delivered = conclusion.verdict == Verdict::delivered;
  const bool fault = is_fault(conclusion);
  const bool accepted = conclusion.sent != nullptr && conclusion.sent->accepted > 0;
  if (conclusion.sent != nullptr) {
    for (NamedEndToEnd* const row : {&at(kinds_, kind), &at(domains_, domain)}) {
      row->accepted += accepted ? 1 : 0;
      row->lost += conclusion.verdict == Verdict::lost ? 1 : 0;
      row->faults += fault ? 1 : 0;
    }
  }
  if (accepted) {
    ++counts.accepted;
    count(&ProofSecond::accepted, conclusion.sent->decisive.acknowledged);
  }
  if (delivered || conclusion.verdict == Verdict::doubt_seen) {
    counts.late += conclusion.late ? 1 : 0;
    counts.duplicated += conclusion.surplus > 0 ? 1 : 0;
    counts.surplus_copies += conclusion.surplus;
    counts.altered += is_altered(conclusion.worst) ? 1 : 0;
    ++counts.by_comparison[static_cast<std::size_t>(conclusion.worst)];
  }
  if (delivered) {
    counts.in_order += fault ? 0 : 1;
    count(&ProofSecond::arrived, conclusion.taken->first);
    add_latency(conclusion, kind, domain);
  }
  if (fault) {
    ++result_.faults;
    count(&ProofSecond::faults, moment_of(conclusion));
  }
}

void Tally::add_stray(const TakenRecord& record) {
  ProofCounts& counts = result_.counts;
  ++counts.by_verdict[static_cast<std::size_t>(Verdict::unexpected)];
  ++(is_stamped(record.verdict)                  ? counts.other_run
     : record.verdict == TakenVerdict::unstamped ? counts.unstamped
                                                 : counts.forged);
  ++result_.faults;
  count(&ProofSecond::faults, record.taken);
}

void Tally::add_latency(const Conclusion& conclusion, std::uint16_t kind, std::uint16_t domain) {
  const SentRecord& sent = conclusion.sent->decisive;
  const Micros arrival = conclusion.taken->first;
  for (EndToEnd* const latency :
       {&result_.latency, &at(kinds_, kind).latency, &at(domains_, domain).latency}) {
    latency->due.record(as_duration(arrival - sent.due));
    latency->sent.record(as_duration(arrival - sent.sent));
    latency->acknowledged.record(as_duration(arrival - sent.acknowledged));
  }
  const std::size_t second = second_of(arrival);
  if (second < kMostSeconds) latencies_.record(second, as_duration(arrival - sent.due));
}

std::size_t Tally::second_of(Micros time) const {
  return static_cast<std::size_t>(std::max(time - start_, Micros{0}).count() / 1'000'000);
}

ProofSecond* Tally::second(Micros time) {
  const std::size_t number = second_of(time);
  if (number >= kMostSeconds) return nullptr;
  if (number >= result_.series.size()) result_.series.resize(number + 1);
  return &result_.series[number];
}

void Tally::count(std::uint64_t ProofSecond::*what, Micros time) {
  if (ProofSecond* const row = second(time); row != nullptr) {
    ++(row->*what);
  } else {
    ++result_.beyond_series;
  }
}

void Tally::finish(const NameGroups& kinds, const NameGroups& domains) {
  std::int64_t backlog = 0;
  for (ProofSecond& second : result_.series) {
    backlog +=
        static_cast<std::int64_t>(second.accepted) - static_cast<std::int64_t>(second.arrived);
    second.backlog = backlog;
  }
  result_.latency_series = latencies_.rows();
  result_.latency_row_seconds = latencies_.row_seconds();
  result_.by_kind = named(std::move(kinds_), kinds);
  result_.by_domain = named(std::move(domains_), domains);
}

}  // namespace millrace::proof
