#include "report/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "base/calendar.h"
#include "base/diagnostics.h"
#include "report/json_capacity.h"
#include "report/json_end_to_end.h"
#include "report/json_kinds.h"
#include "report/json_lint.h"
#include "report/json_metrics.h"
#include "report/json_parts.h"
#include "report/json_splits.h"

namespace millrace::report {
namespace {

using metrics::ClientMetrics;
using metrics::ErrorCount;
using metrics::Generator;
using metrics::Histogram;
using metrics::JournalTotals;
using metrics::Measurement;
using metrics::Metrics;
using metrics::ReplyCounts;
using metrics::Row;
using metrics::RuleHits;
using metrics::Stage;
using metrics::VerifyMetrics;
using std::chrono::system_clock;

double epoch(system_clock::time_point moment) {
  return std::chrono::duration<double>(moment.time_since_epoch()).count();
}

// Seconds since 1970 for people, as RFC 3339 has it.
std::string utc(double since_epoch) {
  const double whole = std::floor(since_epoch);
  const auto second = static_cast<std::time_t>(whole);
  return fmt::format("{}.{:03}Z", utc_seconds(second),
                     static_cast<int>((since_epoch - whole) * 1e3));
}

// A moment, in seconds since 1970.
struct Moment {
  static Json written(system_clock::time_point moment) { return epoch(moment); }
  static void read(const Json& json, system_clock::time_point& moment, Reading& /*reading*/) {
    constexpr double kMost = 4e9;  // of runs so far apart the durations add without overflow
    moment = system_clock::time_point(std::chrono::round<system_clock::duration>(
        std::chrono::duration<double>(to_real(json, kMost))));
  }
};

using Totals = Counted<metrics::kCounterNames>;

bool always(const Histogram& /*histogram*/) { return true; }
bool recorded(const Histogram& histogram) { return !histogram.empty(); }
bool counted(const std::uint64_t& times) { return times > 0; }
bool occurred(const ErrorCount& error) { return error.times > 0; }

// Counts by number, up to the last that is not nothing. What a file has beyond our last one is more
// of that.
struct Attempts {
  static Json written(const metrics::AttemptCounts& counts) {
    const auto last = std::find_if(counts.rbegin(), counts.rend(), counted).base();
    return std::vector<std::uint64_t>(counts.begin(), last);
  }
  static void read(const Json& json, metrics::AttemptCounts& counts, Reading& /*reading*/) {
    check_list(json);
    std::size_t place = 0;
    for (const Json& one : json) {
      counts[place] += to_count(one);
      if (place + 1 < counts.size()) ++place;
    }
  }
};

// An enhanced status code.
struct Enhanced {
  static Json written(ReplyCounts::Enhanced enhanced) { return ReplyCounts::text(enhanced); }
  static void read(const Json& json, ReplyCounts::Enhanced& enhanced, Reading& /*reading*/) {
    enhanced = ReplyCounts::parse(json.get_ref<const std::string&>());
  }
};

constexpr auto kReplyFields = std::to_array<Field<ReplyCounts::Count>>({
    field<Whole<999>, &ReplyCounts::Count::code>("code"),
    field<Count, &ReplyCounts::Count::times>("count"),
    where([](const ReplyCounts::Count& count) { return count.enhanced != 0; },
          field<Enhanced, &ReplyCounts::Count::enhanced>("enhanced")),
});

// Replies by the command that they are to; commands without any are left out, and those that this
// version does not know are passed over.
struct Replies {
  using Counts = List<Object<kReplyFields>>;

  static Json written(const ReplyCounts& replies) {
    Json json = Json::object();
    for (std::size_t command = 0; command < ReplyCounts::kCommands; ++command) {
      if (replies.of(command).empty()) continue;
      json[std::string(ReplyCounts::name(command))] = Counts::written(replies.of(command));
    }
    return json;
  }
  static void read(const Json& json, ReplyCounts& replies, Reading& reading) {
    for (std::size_t command = 0; command < ReplyCounts::kCommands; ++command) {
      const Json* const list = member(json, ReplyCounts::name(command), false);
      if (list == nullptr) continue;
      std::vector<ReplyCounts::Count> counts;
      Counts::read(*list, counts, reading);
      for (const ReplyCounts::Count& count : counts) replies.add(command, count);
    }
  }
};

constexpr auto kErrorFields = std::to_array<Field<ErrorCount>>({
    field<Count, &ErrorCount::times>("count"),
    field<Text, &ErrorCount::sample>("sample"),
});
using Errors = ByName<Object<kErrorFields>, metrics::kErrorNames, &occurred>;

constexpr auto kLatencyFields = std::to_array<Field<Metrics>>({
    field<Latencies, &Metrics::intended>("intended"),
    field<Latencies, &Metrics::service>("service"),
    field<Latencies, &Metrics::failed>("failed"),
    field<ByName<Latencies, metrics::kPhaseNames, &always>, &Metrics::phases>("phases"),
});

constexpr auto kStageFields = std::to_array<Field<Stage>>({
    field<Text, &Stage::name>("name"),
    field<Seconds, &Stage::begin>("begin_s"),
    field<Seconds, &Stage::length>("length_s"),
    field<Totals, &Stage::metrics, &Metrics::counters>("totals"),
    field<Object<kLatencyFields>, &Stage::metrics>("latency"),
    field<Replies, &Stage::metrics, &Metrics::replies>("replies"),
    field<Errors, &Stage::metrics, &Metrics::errors>("errors"),
});

// The histogram of a row, which stays encoded.
struct RowLatencies {
  static Json written(const Row& row) { return row.encoded; }
  static void read(const Json& json, Row& row, Reading& reading) {
    read_histogram(json, reading.of_row);
    row.hold(reading.of_row, json.get<std::string>());
  }
};

constexpr std::uint64_t kLastSecond = 1'000'000'000;
constexpr std::uint64_t kMostAsked = 1'000'000'000'000;

constexpr auto kRowFields = std::to_array<Field<Row>>({
    field<Whole<kLastSecond>, &Row::number>("second"),
    field<Real<1>, &Row::length>("length_s"),
    field<Text, &Row::stage>("stage"),
    field<Totals, &Row::counters>(""),
    field<Thousandths<kMostAsked>, &Row::asked>("asked"),
    field<Count, &Row::sessions_open>("sessions_open"),
    field<Count, &Row::in_flight>("in_flight"),
    field<ByName<Count, metrics::kErrorNames, &counted>, &Row::errors>("errors"),
    figure(field<Count, &Row::p50>("p50_us")),
    figure(field<Count, &Row::p90>("p90_us")),
    figure(field<Count, &Row::p99>("p99_us")),
    figure(field<Count, &Row::p99_9>("p99_9_us")),
    figure(field<Count, &Row::most>("max_us")),
    part<RowLatencies, Row>("hdr"),
});

struct Limits {
  static Json written(const Measurement& measured) { return measured.limits(); }
  static void read(const Json& json, Measurement& measured, Reading& reading) {
    List<Text>::read(json, measured.known_limits, reading);
  }
};

constexpr auto kGeneratorFields = std::to_array<Field<Measurement>>({
    figure<Measurement>("is_bottleneck",
                        [](const auto& measured) -> Json { return !measured.limits().empty(); }),
    part<Limits, Measurement>("reasons"),
    field<List<Real<1>>, &Measurement::generator, &Generator::busy>("busy_share"),
    field<List<Real<1>>, &Measurement::generator, &Generator::run_delay>(
        "starved_share"),  // a published name
    field<Count, &Measurement::generator, &Generator::late_starts>("late_starts"),
    field<Latencies, &Measurement::generator, &Generator::loop_lag>("loop_lag"),
    field<Latencies, &Measurement::generator, &Generator::start_lag>("start_lag"),
});

constexpr auto kRuleFields = std::to_array<Field<RuleHits>>({
    field<Text, &RuleHits::name>("name"),
    field<Count, &RuleHits::hits>("hits"),
});

constexpr auto kClientFields = std::to_array<Field<ClientMetrics>>({
    field<Text, &ClientMetrics::kind>("kind"),
    field<Counted<metrics::kClientCountNames>, &ClientMetrics::counts>(""),
    field<Latencies, &ClientMetrics::held>("held"),
    field<Replies, &ClientMetrics::replies>("replies"),
});

constexpr auto kVerifyFields = std::to_array<Field<VerifyMetrics>>({
    field<Flag, &VerifyMetrics::checked>("checked"),
    field<Counted<metrics::kVerifyCountNames>, &VerifyMetrics::counts>(""),
    figure<VerifyMetrics>("altered",
                          [](const auto& verified) -> Json { return verified.counts.altered(); }),
    field<Latencies, &VerifyMetrics::from_due>("from_due"),
    field<Latencies, &VerifyMetrics::from_sent>("from_sent"),
});

constexpr auto kJournalFields = std::to_array<Field<JournalTotals>>({
    field<Text, &JournalTotals::run>("run"),
    field<Text, &JournalTotals::path>("journal"),
    field<Count, &JournalTotals::records>("records"),
    field<Count, &JournalTotals::lost>("lost"),
});

constexpr std::uint64_t kMostCores = 1'000'000'000;  // of all hosts that were merged

constexpr auto kEnvironmentFields = std::to_array<Field<Environment>>({
    field<Text, &Environment::host>("host"),
    field<Text, &Environment::kernel>("kernel"),
    field<Text, &Environment::cpu>("cpu"),
    field<Whole<kMostCores>, &Environment::cores>("cores"),
    field<Text, &Environment::engine>("io_engine"),
    field<Whole<kMostCores>, &Environment::threads>("threads"),
});

// What a run came to, in its order.
struct Settings {
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  static Json written(const Pairs& settings) {
    Json json = Json::object();
    for (const auto& [name, value] : settings) json[name] = value;
    return json;
  }
  static void read(const Json& json, Pairs& settings, Reading& /*reading*/) {
    for (const auto& [name, value] : json.items()) {
      settings.emplace_back(name, value.get<std::string>());
    }
  }
};

// Has its place in the file here, and nothing else: its rows are written and read one by one.
struct Series {
  static Json written(const std::vector<Row>& /*rows*/) { return Json::array(); }
  static void read(const Json& json, std::vector<Row>& /*rows*/, Reading& /*reading*/) {
    if (!json.empty()) throw Fatal("its series holds what is no row");
  }
};

bool of_source(const Run& run) { return run.kind == Run::Kind::source; }
bool of_sink(const Run& run) { return run.kind == Run::Kind::sink; }
bool answering(const Run& run) { return of_sink(run) && run.measurement.answers.has_value(); }
bool verifying(const Run& run) { return of_sink(run) && run.measurement.verify.has_value(); }
bool judging(const Run& run) { return of_sink(run) && run.measurement.lint.has_value(); }
bool misbehaving(const Run& run) { return of_source(run) && !run.measurement.clients.empty(); }
bool logging(const Run& run) { return of_source(run) && run.measurement.log.has_value(); }
bool searching(const Run& run) { return of_source(run) && run.capacity.has_value(); }
bool stamping(const Run& run) { return of_source(run) && run.measurement.proof.has_value(); }
bool following(const Run& run) { return of_source(run) && run.measurement.end_to_end.has_value(); }
bool in_parts(const Run& run) { return of_source(run) && run.parts.has_value(); }
bool started_at(const Run& run) {
  return of_source(run) && run.measurement.agreed_start.has_value();
}
template <auto kSplit>
bool split(const Run& run) {
  return of_source(run) && (run.measurement.*kSplit).has_value();
}

constexpr auto kTotalFields = std::to_array<Field<Run>>({
    field<Totals, &Run::measurement, &Measurement::total, &Metrics::counters>(""),
    figure<Run>("messages_per_s",
                [](const Run& run) -> Json { return thousandths(run.measurement.rate()); }),
    where(of_source,
          figure<Run>("failed_share",
                      [](const Run& run) -> Json { return run.measurement.failed_share(); })),
});

constexpr auto kOptionFields = std::to_array<Field<Run>>({
    field<List<Text>, &Run::command_line>("command_line"),
    field<Settings, &Run::settings>("settings"),
    where(of_source, field<Flag, &Run::measurement, &Measurement::open_loop>("open_loop")),
});

Json schema(const Run& /*run*/) {
  return fmt::format("{}/{}.{}", kSchemaName, kSchemaMajor, kSchemaMinor);
}

constexpr auto kRunFields = std::to_array<Field<Run>>({
    figure<Run>("schema", schema),
    field<Word<kKindNames>, &Run::kind>("kind"),
    field<Text, &Run::program>("program"),
    figure<Run>("start", [](const Run& run) -> Json { return utc(epoch(run.measurement.start)); }),
    figure<Run>("end",
                [](const Run& run) -> Json {
                  return utc(epoch(run.measurement.start) + in_seconds(run.measurement.elapsed));
                }),
    field<Moment, &Run::measurement, &Measurement::start>("start_epoch_s"),
    field<Seconds, &Run::measurement, &Measurement::elapsed>("elapsed_s"),
    field<Seconds, &Run::measurement, &Measurement::measured>("measured_s"),
    field<Word<metrics::kEndingNames>, &Run::measurement, &Measurement::ending>("ending"),
    where(in_parts, field<Optional<Object<kPartsFields>>, &Run::parts>("parts", 5)),
    where(started_at,
          field<Optional<Object<kStartFields>>, &Run::measurement, &Measurement::agreed_start>(
              "agreed_start", 5)),
    where(of_source, field<Object<kGeneratorFields>, &Run::measurement>("generator")),
    part<Object<kTotalFields>, Run>("totals"),
    where(of_source,
          field<Object<kLatencyFields>, &Run::measurement, &Measurement::total>("latency")),
    where(of_source, field<Attempts, &Run::measurement, &Measurement::total, &Metrics::attempts>(
                         "attempts", 3)),
    where(of_sink, field<ByName<Latencies, metrics::kPhaseNames, &recorded>, &Run::measurement,
                         &Measurement::total, &Metrics::phases>("phases", 1)),
    field<Replies, &Run::measurement, &Measurement::total, &Metrics::replies>("replies"),
    field<Errors, &Run::measurement, &Measurement::total, &Metrics::errors>("errors"),
    where(of_sink,
          field<List<Object<kRuleFields>>, &Run::measurement, &Measurement::rules>("rules", 2)),
    where(of_sink,
          field<Count, &Run::measurement, &Measurement::keys_forgotten>("keys_forgotten", 2)),
    where(answering,
          field<Optional<Counted<metrics::kAnswerNames>>, &Run::measurement, &Measurement::answers>(
              "answers", 2)),
    where(verifying,
          field<Optional<Object<kVerifyFields>>, &Run::measurement, &Measurement::verify>("verify",
                                                                                          4)),
    where(judging,
          field<Optional<Object<kLintFields>>, &Run::measurement, &Measurement::lint>("lint", 5)),
    where(logging,
          field<Optional<Counted<metrics::kLogNames>>, &Run::measurement, &Measurement::log>("log",
                                                                                             3)),
    where(stamping, field<Optional<Object<kJournalFields>>, &Run::measurement, &Measurement::proof>(
                        "proof", 4)),
    where(following,
          field<Optional<Object<kEndToEndFields>>, &Run::measurement, &Measurement::end_to_end>(
              "end_to_end", 6)),
    where(split<&Measurement::kinds>,
          field<Optional<Object<kKindSplitFields>>, &Run::measurement, &Measurement::kinds>("kinds",
                                                                                            4)),
    where(split<&Measurement::domains>,
          field<Optional<Object<kDomainSplitFields>>, &Run::measurement, &Measurement::domains>(
              "domains", 4)),
    where(split<&Measurement::senders>,
          field<Optional<Object<kSenderSplitFields>>, &Run::measurement, &Measurement::senders>(
              "senders", 4)),
    where(misbehaving, field<List<Object<kClientFields>>, &Run::measurement, &Measurement::clients>(
                           "clients", 4)),
    where(searching, field<Optional<Object<kCapacityFields>>, &Run::capacity>("capacity", 5)),
    field<List<Object<kVerdictFields>>, &Run::verdicts>("thresholds"),
    where(of_source, field<Totals, &Run::measurement, &Measurement::warmup>("warmup")),
    where(of_source,
          field<List<Object<kStageFields>>, &Run::measurement, &Measurement::stages>("stages")),
    field<Series, &Run::measurement, &Measurement::series>("series"),
    field<Object<kEnvironmentFields>, &Run::environment>("environment"),
    part<Object<kOptionFields>, Run>("options"),
});

// The minor version that the newest of the rows came with.
template <typename Table>
constexpr std::uint64_t newest(const Table& table) {
  std::uint64_t newest = 0;
  for (const auto& row : table) newest = std::max(newest, row.since);
  return newest;
}
static_assert(kSchemaMinor ==
              std::max({newest(metrics::kCounterNames), newest(metrics::kAnswerNames),
                        newest(metrics::kLogNames), newest(kRunFields), newest(kRuleFields),
                        newest(kClientFields), newest(kTotalFields), newest(kOptionFields),
                        newest(kGeneratorFields), newest(kLatencyFields), newest(kStageFields),
                        newest(kReplyFields), newest(kErrorFields), newest(kRowFields),
                        newest(kVerdictFields), newest(kEnvironmentFields)}));

}  // namespace

Json written(const Run& run) { return write_fields(kRunFields, run); }

Json written(const Row& row) { return write_fields(kRowFields, row); }

void read(const Json& json, Run& run, Reading& reading) {
  read_fields(kRunFields, json, run, reading);
}

void read(const Json& json, Row& row, Reading& reading) {
  read_fields(kRowFields, json, row, reading);
}

}  // namespace millrace::report
