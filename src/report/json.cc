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

// --- writing ------------------------------------------------------------------------------------

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

// What the library says, without its own number for it: "[json.exception.parse_error.101] ...".
std::string reason(const std::exception& error) {
  const std::string_view text = error.what();
  if (!text.starts_with("[json.")) return std::string(text);
  return std::string(text.substr(std::min(text.find("] "), text.size() - 2) + 2));
}

// --- reading ------------------------------------------------------------------------------------

Duration to_duration(const Json& json) {
  const auto seconds = json.get<double>();
  constexpr double kMost = 1e9;
  if (!(seconds >= 0 && seconds < kMost)) throw Fatal("a time is out of range");
  return std::chrono::round<Duration>(std::chrono::duration<double>(seconds));
}

Histogram to_histogram(const Json& json) {
  auto histogram = metrics::decode(json.at("hdr").get_ref<const std::string&>());
  if (!histogram) throw Fatal("a histogram is damaged");
  return std::move(*histogram);
}

Counters to_counters(const Json& json) {
  Counters counters;
  for (const metrics::CounterName& row : metrics::kCounterNames) {
    json.at(std::string(row.name)).get_to(counters.*row.counter);
  }
  return counters;
}

void read_latencies(const Json& json, Metrics& metrics) {
  metrics.intended = to_histogram(json.at("intended"));
  metrics.service = to_histogram(json.at("service"));
  metrics.failed = to_histogram(json.at("failed"));
  for (std::size_t phase = 0; phase < metrics::kPhases; ++phase) {
    const std::string name(metrics::kPhaseNames[phase]);
    metrics.phases[phase] = to_histogram(json.at("phases").at(name));
  }
}

void read_replies(const Json& json, ReplyCounts& replies) {
  for (const auto& [name, list] : json.items()) {
    const auto command = ReplyCounts::find(name);
    if (!command) throw Fatal("an unknown command: " + name);
    for (const Json& one : list) {
      replies.add(*command, {.code = one.at("code").get<int>(),
                             .enhanced = ReplyCounts::parse(one.value("enhanced", "")),
                             .times = one.at("count").get<std::uint64_t>()});
    }
  }
}

template <typename Action>
void each_error(const Json& json, Action action) {
  for (const auto& [name, value] : json.items()) {
    const auto& names = metrics::kErrorNames;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw Fatal("an unknown kind of error: " + name);
    action(static_cast<std::size_t>(found - names.begin()), value);
  }
}

// What the whole and each stage have.
Metrics to_metrics(const Json& json) {
  Metrics metrics;
  metrics.counters = to_counters(json.at("totals"));
  if (json.contains("latency")) read_latencies(json.at("latency"), metrics);
  read_replies(json.at("replies"), metrics.replies);
  each_error(json.at("errors"), [&](std::size_t kind, const Json& value) {
    value.at("count").get_to(metrics.errors[kind].times);
    value.at("sample").get_to(metrics.errors[kind].sample);
  });
  return metrics;
}

metrics::Row to_row(const Json& json) {
  metrics::Row row{.number = json.at("second").get<std::uint64_t>(),
                   .counters = to_counters(json),
                   .sessions_open = json.at("sessions_open").get<std::uint64_t>(),
                   .in_flight = json.at("in_flight").get<std::uint64_t>(),
                   .length = json.at("length_s").get<double>(),
                   .asked = json.at("asked").get<double>(),
                   .stage = json.at("stage").get<std::string>()};
  each_error(json.at("errors"),
             [&](std::size_t kind, const Json& value) { value.get_to(row.errors[kind]); });
  row.hold(to_histogram(json));
  return row;
}

metrics::Stage to_stage(const Json& json) {
  return {.name = json.at("name").get<std::string>(),
          .begin = to_duration(json.at("begin_s")),
          .length = to_duration(json.at("length_s")),
          .metrics = to_metrics(json)};
}

metrics::Generator to_generator(const Json& json) {
  metrics::Generator generator;
  json.at("busy_share").get_to(generator.busy);
  json.at("starved_share").get_to(generator.starved);
  json.at("late_starts").get_to(generator.late_starts);
  generator.loop_lag = to_histogram(json.at("loop_lag"));
  generator.start_lag = to_histogram(json.at("start_lag"));
  return generator;
}

Environment to_environment(const Json& json) {
  return {.host = json.at("host").get<std::string>(),
          .kernel = json.at("kernel").get<std::string>(),
          .cpu = json.at("cpu").get<std::string>(),
          .cores = json.at("cores").get<unsigned>(),
          .engine = json.at("io_engine").get<std::string>(),
          .threads = json.at("threads").get<unsigned>()};
}

template <typename Enum, std::size_t kCount>
Enum to_enum(const Json& json, const std::array<std::string_view, kCount>& names) {
  const auto& text = json.get_ref<const std::string&>();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) throw Fatal("an unknown value: " + text);
  return static_cast<Enum>(found - names.begin());
}

Measurement to_measurement(const Json& json) {
  Measurement measurement;
  constexpr double kMostSeconds = 1e10;
  const auto start = json.at("start_epoch_s").get<double>();
  if (!(start >= 0 && start < kMostSeconds)) throw Fatal("the start is out of range");
  measurement.start =
      std::chrono::system_clock::time_point(std::chrono::round<std::chrono::system_clock::duration>(
          std::chrono::duration<double>(start)));
  measurement.elapsed = to_duration(json.at("elapsed_s"));
  measurement.measured = to_duration(json.at("measured_s"));
  measurement.ending = to_enum<metrics::Ending>(json.at("ending"), metrics::kEndingNames);
  measurement.total = to_metrics(json);
  for (const Json& row : json.at("series")) measurement.series.push_back(to_row(row));
  if (json.contains("generator")) {
    measurement.open_loop = json.at("options").at("open_loop").get<bool>();
    measurement.warmup = to_counters(json.at("warmup"));
    for (const Json& stage : json.at("stages")) measurement.stages.push_back(to_stage(stage));
    measurement.generator = to_generator(json.at("generator"));
  }
  return measurement;
}

Run to_run(const Json& json) {
  const Json& options = json.at("options");
  Run run{.kind = to_enum<Run::Kind>(json.at("kind"), kKindNames),
          .program = json.at("program").get<std::string>(),
          .command_line = options.at("command_line").get<std::vector<std::string>>(),
          .environment = to_environment(json.at("environment")),
          .measurement = to_measurement(json)};
  for (const auto& [name, value] : options.at("settings").items()) {
    run.settings.emplace_back(name, value.get<std::string>());
  }
  for (const Json& one : json.at("thresholds")) {
    run.verdicts.push_back({.threshold = one.at("threshold").get<std::string>(),
                            .value = one.at("value").get<std::string>(),
                            .passed = one.at("passed").get<bool>()});
  }
  return run;
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
  json["series"] = Json::array();
  for (const metrics::Row& row : measured.series) json["series"].push_back(written(row));
  json["environment"] = written(run.environment);
  json["options"] = {{"command_line", run.command_line}, {"settings", std::move(settings)}};
  if (source) json["options"]["open_loop"] = measured.open_loop;
  // In ASCII: so it is harmless on a terminal as well.
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Run from_json(std::string_view text, const std::string& name) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    throw Fatal(fmt::format("{}: not JSON, or cut short: {}", name, reason(error)));
  }
  if (!json.is_object() || !json.contains("schema") || !json["schema"].is_string()) {
    throw Fatal(name + ": not a run of Millrace: it has no \"schema\"");
  }
  if (json["schema"] != kSchema) {
    throw Fatal(fmt::format("{}: its schema is {}, expected {}", name,
                            json["schema"].get<std::string>(), kSchema));
  }
  try {
    return to_run(json);
  } catch (const std::exception& error) {
    throw Fatal(fmt::format("{}: not a run as this version writes it: {}", name, reason(error)));
  }
}

}  // namespace millrace::report
