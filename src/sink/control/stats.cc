#include "sink/control/stats.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/names.h"
#include "metrics/reply_counts.h"

namespace millrace::sink {
namespace {

using metrics::Counters;
using metrics::ReplyCounts;
using nlohmann::json;

struct Since {
  const Counters& now;
  const Counters& before;
  std::uint64_t operator()(std::uint64_t Counters::*counter) const {
    return now.*counter - before.*counter;
  }
};

std::uint64_t times_before(const ReplyCounts& before, std::size_t command,
                           const ReplyCounts::Count& wanted) {
  for (const ReplyCounts::Count& count : before.of(command)) {
    if (count.code == wanted.code && count.enhanced == wanted.enhanced) return count.times;
  }
  return 0;
}

json replies_json(const ReplyCounts& now, const ReplyCounts& before) {
  json list = json::array();
  for (std::size_t command = 0; command < ReplyCounts::kCommands; ++command) {
    for (const ReplyCounts::Count& count : now.of(command)) {
      const std::uint64_t times = count.times - times_before(before, command, count);
      if (times == 0) continue;
      list.push_back({{"command", ReplyCounts::name(command)},
                      {"code", count.code},
                      {"enhanced", count.enhanced == 0 ? "" : ReplyCounts::text(count.enhanced)},
                      {"count", times}});
    }
  }
  return list;
}

json commands_json(const CommandCounts& now, const CommandCounts& before) {
  json list = json::array();
  for (std::size_t command = 0; command < now.size(); ++command) {
    if (now[command] == before[command]) continue;
    list.push_back(
        {{"command", ReplyCounts::name(command)}, {"count", now[command] - before[command]}});
  }
  return list;
}

json errors_json(const metrics::ErrorTimes& now, const metrics::ErrorTimes& before) {
  json list = json::array();
  for (std::size_t kind = 0; kind < now.size(); ++kind) {
    if (now[kind] == before[kind]) continue;
    list.push_back({{"kind", metrics::kErrorNames[kind]}, {"count", now[kind] - before[kind]}});
  }
  return list;
}

metrics::Histogram latency_since(const metrics::Histogram& now, const metrics::Histogram& before) {
  metrics::Histogram since;
  for (std::size_t slot = 0; slot < now.used_slots(); ++slot) {
    const std::uint64_t times = now.count_at(slot) - before.count_at(slot);
    if (times > 0) since.count_at(slot, times);
  }
  return since;
}

json latency_json(const metrics::Histogram& latency) {
  return {{"count", latency.count()},
          {"p50", latency.percentile(0.5)},
          {"p90", latency.percentile(0.9)},
          {"p99", latency.percentile(0.99)},
          {"p99_9", latency.percentile(0.999)},
          {"max", latency.most()},
          {"mean", latency.mean()}};
}

// Runs of which nothing new has come since then are those of a test before.
void tell_runs(const RunsProgress& now, const RunsProgress& before, json& told) {
  json list = json::array();
  std::uint64_t missing = 0;
  for (std::size_t run = 0; run < now.size(); ++run) {
    if (now[run].come == before[run].come) continue;
    list.push_back({{"run", proof::to_text(now[run].run)},
                    {"come", now[run].come},
                    {"missing", now[run].missing()}});
    missing += now[run].missing();
  }
  told["missing"] = missing;
  told["runs"] = std::move(list);
}

json verify_json(const metrics::VerifyMetrics& now, const metrics::VerifyMetrics& before) {
  constexpr std::array<std::string_view, 7> kTold = {
      "seen", "duplicated", "bounced", "unstamped", "malformed", "forged", "not_counted"};
  json told = {{"altered", now.counts.altered() - before.counts.altered()},
               {"from_due", latency_json(latency_since(now.from_due, before.from_due))},
               {"from_sent", latency_json(latency_since(now.from_sent, before.from_sent))}};
  for (const auto& row : metrics::kVerifyCountNames) {
    if (std::find(kTold.begin(), kTold.end(), row.name) == kTold.end()) continue;
    told[std::string(row.name)] = now.counts.*row.counter - before.counts.*row.counter;
  }
  return told;
}

json hits_json(const rules::Hits& now, const rules::Hits& before) {
  json list = json::array();
  for (const auto& [name, hits] : now) {
    list.push_back({{"name", name}, {"hits", hits_since(name, hits, before)}});
  }
  return list;
}

}  // namespace

std::uint64_t hits_since(const std::string& rule, std::uint64_t now, const rules::Hits& before) {
  const auto same = [&rule](const auto& hits) { return hits.first == rule; };
  const auto counted = std::find_if(before.begin(), before.end(), same);
  return counted == before.end() ? now : now - counted->second;
}

json stats_json(const Stats& now, const Stats& before, const StatsTimes& times) {
  const Since since{now.counts.counters, before.counts.counters};
  json verify;
  if (now.verify) {
    verify = verify_json(*now.verify, before.verify.value_or(metrics::VerifyMetrics{}));
    tell_runs(now.runs, before.runs, verify);
  }
  return {
      {"time", wall_text(wall_now())},
      {"uptime", std::chrono::duration<double>(Clock::now() - times.began).count()},
      {"start", wall_text(times.start)},
      {"since", wall_text(times.since)},
      {"sessions",
       {{"open", now.counts.sessions_open},
        {"opened", since(&Counters::sessions_opened)},
        {"tls", since(&Counters::tls_handshakes)},
        {"tls_resumed", since(&Counters::tls_resumed)}}},
      {"messages",
       {{"started", since(&Counters::started)},
        {"taken", since(&Counters::delivered)},
        {"refused", since(&Counters::refused)}}},
      {"recipients", since(&Counters::recipients)},
      {"bytes",
       {{"received", since(&Counters::bytes_received)}, {"sent", since(&Counters::bytes_sent)}}},
      {"commands", commands_json(now.counts.commands, before.counts.commands)},
      {"replies", replies_json(now.counts.replies, before.counts.replies)},
      {"errors", errors_json(now.counts.errors, before.counts.errors)},
      {"rules", hits_json(now.hits, before.hits)},
      {"verify", verify},
      {"lint", nullptr},
      {"store", nullptr}};
}

}  // namespace millrace::sink
