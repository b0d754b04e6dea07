#include "report/json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "metrics/codec.h"

namespace millrace::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::Counters;
using metrics::Histogram;
using metrics::Measurement;
using metrics::Metrics;
using metrics::ReplyCounts;

double seconds(Duration duration) { return duration == Duration::max() ? 0 : in_seconds(duration); }

// Seconds since the epoch, and the same moment for people.
double epoch(std::chrono::system_clock::time_point moment) {
  return std::chrono::duration<double>(moment.time_since_epoch()).count();
}

std::string moment(double since_epoch) {
  const double whole = std::floor(since_epoch);
  const auto milliseconds = static_cast<int>((since_epoch - whole) * 1e3);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(whole)),
                     milliseconds);
}

struct Percentile {
  const char* name;
  double share;
};

constexpr std::array<Percentile, 6> kPercentiles = {{{"p50_us", 0.5},
                                                     {"p90_us", 0.9},
                                                     {"p95_us", 0.95},
                                                     {"p99_us", 0.99},
                                                     {"p99_9_us", 0.999},
                                                     {"p99_99_us", 0.9999}}};

Json written(const Histogram& histogram) {
  Json json{{"count", histogram.count()},
            {"mean_us", std::round(histogram.mean() * 10) / 10},
            {"min_us", histogram.least()}};
  for (const Percentile& row : kPercentiles) json[row.name] = histogram.percentile(row.share);
  json["max_us"] = histogram.most();
  json["hdr"] = metrics::encode(histogram);
  return json;
}

Json written(const Counters& counters) {
  Json json;
  for (const metrics::CounterName& row : metrics::kCounterNames) {
    json[std::string(row.name)] = counters.*row.counter;
  }
  return json;
}

Json latencies(const Metrics& metrics) {
  Json json{{"intended", written(metrics.intended)},
            {"service", written(metrics.service)},
            {"failed", written(metrics.failed)},
            {"phases", Json::object()}};
  for (std::size_t phase = 0; phase < metrics::kPhases; ++phase) {
    const std::string name(metrics::kPhaseNames[phase]);
    json["phases"][name] = written(metrics.phases[phase]);
  }
  return json;
}

Json written(const ReplyCounts& replies) {
  Json json = Json::object();
  for (std::size_t command = 0; command < ReplyCounts::kCommands; ++command) {
    const auto& counts = replies.of(command);
    if (counts.empty()) continue;
    Json list = Json::array();
    for (const ReplyCounts::Count& count : counts) {
      Json one{{"code", count.code}, {"count", count.times}};
      if (count.enhanced != 0) one["enhanced"] = ReplyCounts::text(count.enhanced);
      list.push_back(std::move(one));
    }
    json[std::string(ReplyCounts::name(command))] = std::move(list);
  }
  return json;
}

Json errors(const std::array<metrics::ErrorCount, metrics::kErrors>& counts) {
  Json json = Json::object();
  for (std::size_t kind = 0; kind < metrics::kErrors; ++kind) {
    if (counts[kind].times == 0) continue;
    json[std::string(metrics::kErrorNames[kind])] = {{"count", counts[kind].times},
                                                     {"sample", counts[kind].sample}};
  }
  return json;
}

Json written(const metrics::Row& row) {
  Json failed = Json::object();
  for (std::size_t kind = 0; kind < metrics::kErrors; ++kind) {
    if (row.errors[kind] > 0) failed[std::string(metrics::kErrorNames[kind])] = row.errors[kind];
  }
  Json json{{"second", row.number}, {"length_s", row.length}, {"stage", row.stage}};
  json.update(written(row.counters));
  json.update({{"asked", std::round(row.asked * 1e3) / 1e3},
               {"sessions_open", row.sessions_open},
               {"in_flight", row.in_flight},
               {"errors", std::move(failed)},
               {"p50_us", row.p50},
               {"p90_us", row.p90},
               {"p99_us", row.p99},
               {"p99_9_us", row.p99_9},
               {"max_us", row.most},
               {"hdr", row.encoded}});
  return json;
}

Json written(const metrics::Stage& stage) {
  const metrics::Counters& counters = stage.metrics.counters;
  return {{"name", stage.name},
          {"begin_s", seconds(stage.begin)},
          {"length_s", seconds(stage.length)},
          {"totals", written(counters)},
          {"latency", latencies(stage.metrics)},
          {"replies", written(stage.metrics.replies)},
          {"errors", errors(stage.metrics.errors)}};
}

Json written(const metrics::Generator& generator, const std::vector<std::string>& limits) {
  return {{"is_bottleneck", !limits.empty()},
          {"reasons", limits},
          {"busy_share", generator.busy},
          {"starved_share", generator.starved},
          {"late_starts", generator.late_starts},
          {"loop_lag", written(generator.loop_lag)},
          {"start_lag", written(generator.start_lag)}};
}

Json written(const Environment& environment) {
  return {{"host", environment.host},        {"kernel", environment.kernel},
          {"cpu", environment.cpu},          {"cores", environment.cores},
          {"io_engine", environment.engine}, {"threads", environment.threads}};
}

Json thresholds(const std::vector<Verdict>& verdicts) {
  Json list = Json::array();
  for (const Verdict& verdict : verdicts) {
    list.push_back(
        {{"threshold", verdict.threshold}, {"value", verdict.value}, {"passed", verdict.passed}});
  }
  return list;
}

// In ASCII: so it is harmless on a terminal as well.
std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', true, Json::error_handler_t::replace);
}

// How dump() begins the series: nothing within a string looks like this, and nothing else is
// indented so.
constexpr std::string_view kSeries = "\n \"series\": [";

// A row a line. A day has 86,400 of them, which as one document would take some hundred megabytes.
void write_series(const std::vector<metrics::Row>& rows, std::string& text) {
  constexpr std::size_t kUsualRow = 640;  // bytes besides the histogram
  std::size_t size = text.size();
  for (const metrics::Row& row : rows) size += kUsualRow + row.encoded.size();
  text.reserve(size);
  for (const metrics::Row& row : rows) {
    text.append(&row == rows.data() ? "\n  " : ",\n  ").append(dump(written(row), -1));
  }
  if (!rows.empty()) text += "\n ";
}

}  // namespace

std::string to_json(const Run& run) {
  const Measurement& measured = run.measurement;
  const bool source = run.kind == Run::Kind::source;
  const double start = epoch(measured.start);
  Json settings = Json::object();
  for (const auto& [name, value] : run.settings) settings[name] = value;
  Json json{{"schema", kSchema},
            {"kind", kKindNames[static_cast<std::size_t>(run.kind)]},
            {"program", run.program},
            {"start", moment(start)},
            {"end", moment(start + seconds(measured.elapsed))},
            {"start_epoch_s", start},
            {"elapsed_s", seconds(measured.elapsed)},
            {"measured_s", seconds(measured.measured)},
            {"ending", metrics::kEndingNames[static_cast<std::size_t>(measured.ending)]}};
  Json totals = written(measured.total.counters);
  totals["messages_per_s"] = std::round(measured.rate() * 1e3) / 1e3;
  if (source) {
    totals["failed_share"] = measured.failed_share();
    json["generator"] = written(measured.generator, measured.limits());
  }
  json["totals"] = std::move(totals);
  if (source) json["latency"] = latencies(measured.total);
  json["replies"] = written(measured.total.replies);
  json["errors"] = errors(measured.total.errors);
  json["thresholds"] = thresholds(run.verdicts);
  if (source) {
    json["warmup"] = written(measured.warmup);
    json["stages"] = Json::array();
    for (const metrics::Stage& stage : measured.stages) json["stages"].push_back(written(stage));
  }
  json["series"] = Json::array();  // filled in below
  json["environment"] = written(run.environment);
  json["options"] = {{"command_line", run.command_line}, {"settings", std::move(settings)}};
  if (source) json["options"]["open_loop"] = measured.open_loop;
  std::string text = dump(json, 1) + "\n";
  const std::size_t series = text.find(kSeries) + kSeries.size();
  const std::string behind = text.substr(series);
  text.resize(series);
  write_series(measured.series, text);
  return text.append(behind);
}

}  // namespace millrace::report
