#include "sink/control/metrics_text.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "metrics/names.h"
#include "metrics/reply_counts.h"
#include "sink/lint/finding.h"

namespace millrace::sink {
namespace {

using metrics::Histogram;
using metrics::ReplyCounts;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Upper ends of buckets in seconds.
constexpr std::array kBuckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,  0.25,
                                 0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0, 300.0};
constexpr double kMicroseconds = 1e6;  // in a second

ClientMetric counted(Labels labels, std::uint64_t times) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = static_cast<double>(times);
  return metric;
}

ClientMetric measured(Labels labels, const Histogram& latency) {
  ClientMetric metric;
  metric.label = std::move(labels);
  auto& histogram = metric.histogram;
  histogram.sample_count = latency.count();
  histogram.sample_sum = latency.mean() * static_cast<double>(latency.count()) / kMicroseconds;
  std::size_t slot = 0;
  std::uint64_t below = 0;
  for (const double end : kBuckets) {
    for (; slot < latency.used_slots(); ++slot) {
      if (static_cast<double>(Histogram::highest_of(slot)) > end * kMicroseconds) break;
      below += latency.count_at(slot);
    }
    histogram.bucket.push_back({.cumulative_count = below, .upper_bound = end});
  }
  return metric;
}

MetricFamily family(std::string name, std::string help, MetricType type,
                    std::vector<ClientMetric> metrics) {
  return {.name = "smtp_sink_" + std::move(name),
          .help = std::move(help),
          .type = type,
          .metric = std::move(metrics)};
}

MetricFamily gauge(std::string name, std::string help, double value) {
  ClientMetric metric;
  metric.gauge.value = value;
  return family(std::move(name), std::move(help), MetricType::Gauge, {metric});
}

MetricFamily counter(std::string name, std::string help, std::vector<ClientMetric> metrics) {
  return family(std::move(name), std::move(help), MetricType::Counter, std::move(metrics));
}

std::vector<ClientMetric> replies_of(const ReplyCounts& replies) {
  std::vector<ClientMetric> metrics;
  for (std::size_t command = 0; command < ReplyCounts::kCommands; ++command) {
    for (const ReplyCounts::Count& count : replies.of(command)) {
      const std::string enhanced = count.enhanced == 0 ? "" : ReplyCounts::text(count.enhanced);
      metrics.push_back(counted({{"command", std::string(ReplyCounts::name(command))},
                                 {"code", std::to_string(count.code)},
                                 {"enhanced", enhanced}},
                                count.times));
    }
  }
  return metrics;
}

std::vector<ClientMetric> commands_of(const CommandCounts& commands) {
  std::vector<ClientMetric> all;
  for (std::size_t command = 0; command < commands.size(); ++command) {
    if (commands[command] == 0) continue;
    all.push_back(
        counted({{"command", std::string(ReplyCounts::name(command))}}, commands[command]));
  }
  return all;
}

std::vector<ClientMetric> errors_of(const metrics::ErrorTimes& errors) {
  std::vector<ClientMetric> all;
  for (std::size_t kind = 0; kind < errors.size(); ++kind) {
    all.push_back(counted({{"kind", std::string(metrics::kErrorNames[kind])}}, errors[kind]));
  }
  return all;
}

std::vector<ClientMetric> hits_of(const rules::Hits& hits) {
  std::vector<ClientMetric> all;
  for (const auto& [name, times] : hits) all.push_back(counted({{"rule", name}}, times));
  return all;
}

std::vector<ClientMetric> missing_of(const RunsProgress& runs) {
  std::vector<ClientMetric> all;
  for (const RunProgress& run : runs) {
    if (run.come == 0) continue;
    ClientMetric& metric = all.emplace_back();
    metric.label = {{"run", proof::to_text(run.run)}};
    metric.gauge.value = static_cast<double>(run.missing());
  }
  return all;
}

// All that there are, so that one is there when it is found the first time.
std::vector<ClientMetric> findings_of(const metrics::LintMetrics& lint) {
  std::vector<ClientMetric> all;
  for (const FindingSpec& row : kFindings) {
    const auto same = [&row](const metrics::LintFinding& one) { return one.name == row.name; };
    const auto found = std::find_if(lint.findings.begin(), lint.findings.end(), same);
    all.push_back(counted({{"finding", std::string(row.name)}},
                          found == lint.findings.end() ? 0 : found->times));
  }
  return all;
}

void add_lint(const metrics::LintMetrics& lint, std::vector<MetricFamily>& families) {
  families.push_back(counter("lint_findings_total",
                             "What --lint found clients to do against the RFCs.",
                             findings_of(lint)));
  families.push_back(counter("lint_sessions_total", "Sessions that --lint has judged.",
                             {counted({{"result", "faulty"}}, lint.faulty),
                              counted({{"result", "clean"}}, lint.sessions - lint.faulty)}));
}

void add_verified(const metrics::VerifyMetrics& found, const RunsProgress& runs,
                  std::vector<MetricFamily>& families) {
  std::vector<ClientMetric> counts = {counted({{"result", "altered"}}, found.counts.altered())};
  for (const auto& row : metrics::kVerifyCountNames) {
    counts.push_back(counted({{"result", std::string(row.name)}}, found.counts.*row.counter));
  }
  families.push_back(counter("verify_total",
                             "What --verify found of messages, as in the report; \"seen\" is all, "
                             "\"altered\" what is not lawful.",
                             std::move(counts)));
  families.push_back(family("verify_missing",
                            "Messages of a run below the highest number that came which have not "
                            "come so far.",
                            MetricType::Gauge, missing_of(runs)));
  families.push_back(family("verify_latency_seconds",
                            "From when a message was due, or sent, to when it was taken.",
                            MetricType::Histogram,
                            {measured({{"from", "due"}}, found.from_due),
                             measured({{"from", "sent"}}, found.from_sent)}));
}

}  // namespace

std::string metrics_text(const Stats& stats, WallTime start) {
  const metrics::Counters& counters = stats.counts.counters;
  const std::chrono::duration<double> since_1970 = start.time_since_epoch();
  std::vector<MetricFamily> families = {
      gauge("start_time_seconds", "When the sink began, in seconds since 1970.",
            since_1970.count()),
      gauge("sessions_open", "Sessions that are open.",
            static_cast<double>(stats.counts.sessions_open)),
      counter("sessions_total", "Sessions that were opened.",
              {counted({}, counters.sessions_opened)}),
      counter("tls_handshakes_total", "TLS handshakes.",
              {counted({{"resumed", "no"}}, counters.tls_handshakes - counters.tls_resumed),
               counted({{"resumed", "yes"}}, counters.tls_resumed)}),
      counter("messages_total", "Messages that were complete.",
              {counted({{"result", "taken"}}, counters.delivered),
               counted({{"result", "refused"}}, counters.refused)}),
      counter("recipients_total", "Recipients that messages were taken for.",
              {counted({}, counters.recipients)}),
      counter("bytes_total", "Bytes on the wire.",
              {counted({{"direction", "received"}}, counters.bytes_received),
               counted({{"direction", "sent"}}, counters.bytes_sent)}),
      counter("commands_total", "Commands that came, answered or not.",
              commands_of(stats.counts.commands)),
      counter("replies_total", "Replies by command, code and enhanced status code.",
              replies_of(stats.counts.replies)),
      counter("errors_total", "What went wrong, by kind.", errors_of(stats.counts.errors)),
      counter("rule_hits_total", "How often rules were used.", hits_of(stats.hits)),
      counter("http_failed_total", "Connections of HTTP that no thread or no memory was left for.",
              {counted({}, stats.http_failed)}),
      family("session_seconds", "How long sessions lasted.", MetricType::Histogram,
             {measured({}, stats.counts.sessions)}),
  };
  if (stats.verify) add_verified(*stats.verify, stats.runs, families);
  if (stats.lint) add_lint(*stats.lint, families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace millrace::sink
