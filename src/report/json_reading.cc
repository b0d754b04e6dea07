#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <istream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "metrics/codec.h"
#include "report/file_input.h"
#include "report/json.h"
#include "report/json_bounds.h"

namespace millrace::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::Counters;
using metrics::Histogram;
using metrics::Measurement;
using metrics::Metrics;
using metrics::ReplyCounts;

// The beginning of a text that may be long.
std::string cut(std::string_view text, std::size_t most) {
  return std::string(text.substr(0, most)).append(text.size() <= most ? "" : "...");
}

// What the library says, without its own number for it: "[json.exception.parse_error.101] ...".
std::string reason(const std::exception& error) {
  constexpr std::size_t kMost = 300;  // it quotes all of a word that it does not know
  std::string_view text = error.what();
  if (text.starts_with("[json."))
    text.remove_prefix(std::min(text.find("] "), text.size() - 2) + 2);
  return cut(text, kMost);
}

// The beginning of a value that is not what it should be.
std::string shown(const Json& json) {
  constexpr std::size_t kMost = 40;
  return cut(json.is_structured() ? json.type_name() : json.dump(), kMost);
}

// A count: more than any run makes, and little enough for a thousand to be added, is none.
std::uint64_t to_count(const Json& json) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() > kMost) {
    throw Fatal("expected a whole number, not " + shown(json));
  }
  return json.get<std::uint64_t>();
}

// A whole number up to `most`.
template <typename Number>
Number to_number(const Json& json, Number most) {
  const std::uint64_t number = to_count(json);
  if (number > static_cast<std::uint64_t>(most)) throw Fatal(shown(json) + " is out of range");
  return static_cast<Number>(number);
}

// A number from 0 to `most`.
double to_real(const Json& json, double most) {
  if (!json.is_number()) throw Fatal("expected a number, not " + shown(json));
  const auto number = json.get<double>();
  if (!(number >= 0 && number <= most)) throw Fatal(shown(json) + " is out of range");
  return number;
}

Duration to_duration(const Json& json) {
  constexpr double kMost = 1e9;
  return std::chrono::round<Duration>(std::chrono::duration<double>(to_real(json, kMost)));
}

Histogram to_histogram(const Json& json) {
  auto histogram = metrics::decode(json.at("hdr").get_ref<const std::string&>());
  if (!histogram) throw Fatal("a histogram is damaged");
  return std::move(*histogram);
}

// The histograms of a run that stay in memory. A few bytes of a file may make many pages.
class Histograms {
 public:
  Histogram take(const Json& json) {
    Histogram histogram = to_histogram(json);
    pages_ += histogram.pages();
    if (pages_ <= kReadLimits.histogram_pages) return histogram;
    throw Fatal(fmt::format("its histograms take more than {} pages of memory",
                            kReadLimits.histogram_pages));
  }

 private:
  std::size_t pages_ = 0;
};

Counters to_counters(const Json& json) {
  Counters counters;
  for (const metrics::CounterName& row : metrics::kCounterNames) {
    counters.*row.counter = to_count(json.at(std::string(row.name)));
  }
  return counters;
}

void read_latencies(const Json& json, Histograms& histograms, Metrics& metrics) {
  metrics.intended = histograms.take(json.at("intended"));
  metrics.service = histograms.take(json.at("service"));
  metrics.failed = histograms.take(json.at("failed"));
  for (std::size_t phase = 0; phase < metrics::kPhases; ++phase) {
    const std::string name(metrics::kPhaseNames[phase]);
    metrics.phases[phase] = histograms.take(json.at("phases").at(name));
  }
}

void read_replies(const Json& json, ReplyCounts& replies) {
  for (const auto& [name, list] : json.items()) {
    const auto command = ReplyCounts::find(name);
    if (!command) throw Fatal("an unknown command: " + shown(name));
    for (const Json& one : list) {
      replies.add(*command, {.code = to_number(one.at("code"), 999),
                             .enhanced = ReplyCounts::parse(one.value("enhanced", "")),
                             .times = to_count(one.at("count"))});
    }
  }
}

template <typename Action>
void each_error(const Json& json, Action action) {
  for (const auto& [name, value] : json.items()) {
    const auto& names = metrics::kErrorNames;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw Fatal("an unknown kind of error: " + shown(name));
    action(static_cast<std::size_t>(found - names.begin()), value);
  }
}

// What the whole and each stage have.
Metrics to_metrics(const Json& json, Histograms& histograms) {
  Metrics metrics;
  metrics.counters = to_counters(json.at("totals"));
  if (json.contains("latency")) read_latencies(json.at("latency"), histograms, metrics);
  read_replies(json.at("replies"), metrics.replies);
  each_error(json.at("errors"), [&](std::size_t kind, const Json& value) {
    metrics.errors[kind].times = to_count(value.at("count"));
    value.at("sample").get_to(metrics.errors[kind].sample);
  });
  return metrics;
}

metrics::Row to_row(const Json& json) {
  constexpr std::uint64_t kLastSecond = 1'000'000'000;
  constexpr double kMostAsked = 1e12;
  metrics::Row row{.number = to_number(json.at("second"), kLastSecond),
                   .counters = to_counters(json),
                   .sessions_open = to_count(json.at("sessions_open")),
                   .in_flight = to_count(json.at("in_flight")),
                   .length = to_real(json.at("length_s"), 1),
                   .asked = to_real(json.at("asked"), kMostAsked),
                   .stage = json.at("stage").get<std::string>()};
  each_error(json.at("errors"),
             [&](std::size_t kind, const Json& value) { row.errors[kind] = to_count(value); });
  row.hold(to_histogram(json), json.at("hdr").get<std::string>());
  return row;
}

metrics::Stage to_stage(const Json& json, Histograms& histograms) {
  return {.name = json.at("name").get<std::string>(),
          .begin = to_duration(json.at("begin_s")),
          .length = to_duration(json.at("length_s")),
          .metrics = to_metrics(json, histograms)};
}

metrics::Generator to_generator(const Json& json, Histograms& histograms) {
  metrics::Generator generator;
  for (const Json& share : json.at("busy_share")) generator.busy.push_back(to_real(share, 1));
  for (const Json& share : json.at("starved_share")) generator.starved.push_back(to_real(share, 1));
  generator.late_starts = to_count(json.at("late_starts"));
  generator.loop_lag = histograms.take(json.at("loop_lag"));
  generator.start_lag = histograms.take(json.at("start_lag"));
  return generator;
}

Environment to_environment(const Json& json) {
  constexpr unsigned kMostCores = 1'000'000'000;  // of all hosts that were merged
  return {.host = json.at("host").get<std::string>(),
          .kernel = json.at("kernel").get<std::string>(),
          .cpu = json.at("cpu").get<std::string>(),
          .cores = to_number(json.at("cores"), kMostCores),
          .engine = json.at("io_engine").get<std::string>(),
          .threads = to_number(json.at("threads"), kMostCores)};
}

template <typename Enum, std::size_t kCount>
Enum to_enum(const Json& json, const std::array<std::string_view, kCount>& names) {
  const auto& text = json.get_ref<const std::string&>();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) throw Fatal("an unknown value: " + shown(json));
  return static_cast<Enum>(found - names.begin());
}

// `series`: was read before.
Measurement to_measurement(const Json& json, std::vector<metrics::Row> series) {
  Measurement measurement;
  constexpr double kMostSeconds = 4e9;  // of runs so far apart the durations add without overflow
  const double start = to_real(json.at("start_epoch_s"), kMostSeconds);
  measurement.start =
      std::chrono::system_clock::time_point(std::chrono::round<std::chrono::system_clock::duration>(
          std::chrono::duration<double>(start)));
  measurement.elapsed = to_duration(json.at("elapsed_s"));
  measurement.measured = to_duration(json.at("measured_s"));
  measurement.ending = to_enum<metrics::Ending>(json.at("ending"), metrics::kEndingNames);
  Histograms histograms;
  measurement.total = to_metrics(json, histograms);
  measurement.series = std::move(series);
  if (json.contains("generator")) {
    measurement.open_loop = json.at("options").at("open_loop").get<bool>();
    measurement.warmup = to_counters(json.at("warmup"));
    for (const Json& stage : json.at("stages"))
      measurement.stages.push_back(to_stage(stage, histograms));
    measurement.generator = to_generator(json.at("generator"), histograms);
  }
  return measurement;
}

Run to_run(const Json& json, std::vector<metrics::Row> series) {
  const Json& options = json.at("options");
  Run run{.kind = to_enum<Run::Kind>(json.at("kind"), kKindNames),
          .program = json.at("program").get<std::string>(),
          .command_line = options.at("command_line").get<std::vector<std::string>>(),
          .environment = to_environment(json.at("environment")),
          .measurement = to_measurement(json, std::move(series))};
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

void check_schema(const Json& schema) {
  if (schema == kSchema) return;
  throw Fatal(fmt::format("its schema is {}, expected {}", shown(schema), kSchema));
}

// Makes something of what was parsed.
template <typename Action>
auto understand(Action action) {
  try {
    return action();
  } catch (const std::exception& error) {
    throw Fatal("not a run as this version writes it: " + reason(error));
  }
}

// Takes the rows out of the document while it is parsed, so that it is never there as a whole, and
// looks after the bounds.
class Reader {
 public:
  // What the parser calls: whether it is to keep what it has read.
  bool operator()(Json::parse_event_t event, Json& parsed) {
    bounds_.heed(event, parsed);
    if (event == Json::parse_event_t::value && bounds_.member() == "schema") take_schema(parsed);
    if (event != Json::parse_event_t::object_end || !bounds_.in_series()) return true;
    if (!schema_known_)
      throw Fatal("not a run of Millrace: it has no \"schema\" ahead of its series");
    take_row(parsed);
    return false;
  }

  Run run(const Json& json) {
    if (!schema_known_) throw Fatal("not a run of Millrace: it has no \"schema\"");
    return understand([&] {
      if (!json.at("series").empty()) throw Fatal("its series holds what is no row");
      return to_run(json, std::move(rows_));
    });
  }

 private:
  void take_schema(const Json& schema) {
    if (schema_known_) return;
    check_schema(schema);
    schema_known_ = true;
  }

  void take_row(const Json& json) {
    rows_.push_back(understand([&] { return to_row(json); }));
    if (rows_.size() > 1 && rows_[rows_.size() - 2].number >= rows_.back().number) {
      throw Fatal(fmt::format("its series goes back to second {}", rows_.back().number));
    }
  }

  JsonBounds bounds_;
  std::vector<metrics::Row> rows_;
  bool schema_known_ = false;
};

// `parse`: parses the text with the callback that it is given.
template <typename Parse>
Run read(const std::string& name, Parse parse) {
  Reader reader;
  try {
    const Json json = parse([&reader](int /*depth*/, Json::parse_event_t event, Json& parsed) {
      return reader(event, parsed);
    });
    return reader.run(json);
  } catch (const Json::exception& error) {
    throw Fatal(fmt::format("{}: not JSON, or cut short: {}", name, reason(error)));
  } catch (const std::exception& error) {
    throw Fatal(fmt::format("{}: {}", name, error.what()));
  }
}

}  // namespace

Run from_json(std::string_view text, const std::string& name) {
  return read(name, [&](const Json::parser_callback_t& heed) { return Json::parse(text, heed); });
}

Run read_run(const std::string& path) {
  FileInput file(path);
  return read(path, [&](const Json::parser_callback_t& heed) {
    std::istream stream(&file);
    return Json::parse(stream, [&](int depth, Json::parse_event_t event, Json& parsed) {
      file.mark();
      return heed(depth, event, parsed);
    });
  });
}

}  // namespace millrace::report
