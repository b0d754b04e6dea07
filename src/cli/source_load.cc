#include "cli/source_load.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "cli/retry_value.h"
#include "cli/source_arguments.h"
#include "cli/source_capacity.h"
#include "cli/source_clients.h"
#include "cli/text_values.h"
#include "report/text.h"
#include "smtp/keyword.h"

namespace millrace::cli {
namespace {

using source::Stage;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
constexpr std::chrono::seconds kDrainLimit{10};

// As many as open loop may open when nobody says how many.
constexpr unsigned kPool = 100;

// Nobody means to run a load for less.
constexpr std::chrono::milliseconds kShortest{1};

constexpr std::string_view kStagesForm =
    "expected stages such as ramp 0-2000/s 30s, hold 2000/s 2m";

// The levels of one stage: "2000/s", "0-2000/s", or "20", "0-20".
struct Levels {
  std::optional<double> from;
  double to = 0;
  bool rate = false;
};

std::optional<double> level(std::string_view text, bool rate) {
  auto value = rate ? per_second(text) : decimal(text);
  if (value && (*value > (rate ? kHighestRate : kMostSessions))) value.reset();
  if (value && !rate && *value != std::floor(*value)) value.reset();
  return value;
}

std::optional<Levels> levels(std::string_view text) {
  Levels levels{.rate = text.find('/') != std::string_view::npos};
  const std::string_view unit = levels.rate ? text.substr(text.find('/')) : std::string_view();
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    levels.from = level(std::string(text.substr(0, dash)).append(unit), levels.rate);
    if (!levels.from) return std::nullopt;
    text.remove_prefix(dash + 1);
  }
  const auto to = level(text, levels.rate);
  if (!to) return std::nullopt;
  levels.to = *to;
  return levels;
}

// One stage behind those before it.
struct StageText {
  std::string_view kind;
  std::string_view level;  // may be left out of a hold
  std::string_view length;
};

StageText split_stage(std::string_view text) {
  StageText stage{.kind = smtp::take_word(text, " \t"),
                  .level = smtp::take_word(text, " \t"),
                  .length = smtp::take_word(text, " \t")};
  if (stage.length.empty()) std::swap(stage.level, stage.length);
  if (!smtp::take_word(text, " \t").empty()) stage.kind = {};
  return stage;
}

Stage stage(std::string_view text, std::string_view names, const std::vector<Stage>& before,
            std::optional<bool>& are_rates) {
  const auto wrong = [&] { reject("stage", text, names, kStagesForm); };
  const StageText parts = split_stage(text);
  const bool ramp = parts.kind == "ramp";
  if (!ramp && parts.kind != "hold") wrong();
  const auto length = duration(parts.length);
  if (!length) wrong();
  if (*length < kShortest) reject("stage", text, names, "a stage lasts at least 1ms");
  const double last = before.empty() ? 0 : before.back().to;
  Stage stage{.name = std::string(text), .length = *length, .from = last, .to = last};
  if (parts.level.empty()) {
    if (ramp || before.empty()) wrong();
    return stage;
  }
  const auto levels = cli::levels(parts.level);
  if (!levels || (!ramp && levels->from)) wrong();
  if (are_rates.value_or(levels->rate) != levels->rate) {
    reject("stage", text, names, "all stages are of rates, or all of sessions");
  }
  are_rates = levels->rate;
  stage.to = levels->to;
  stage.from = levels->from.value_or(ramp ? last : levels->to);
  return stage;
}

// "errors>20%": what --abort-on waits for.
double abort_share(const std::string& text, std::string_view names) {
  std::string plain = text;
  std::erase(plain, ' ');
  constexpr std::string_view kErrors = "errors>";
  const auto value = plain.starts_with(kErrors)
                         ? share(std::string_view(plain).substr(kErrors.size()))
                         : std::nullopt;
  if (!value) {
    reject("condition", text, names, "expected a share of failed messages, as errors>20%");
  }
  return *value;
}

// A schedule of one part, that may have no end.
Stage one_stage(double level, const std::optional<Duration>& length) {
  return {.name = "run", .length = length.value_or(Stage::kEndless), .from = level, .to = level};
}

// The warm-up goes at the level at which the load begins, or which it first rises to.
Stage warm_up(const Stage& first, Duration length) {
  const double level = first.from > 0 ? first.from : first.to;
  return {.name = "warm-up", .length = length, .from = level, .to = level, .measured = false};
}

source::Pause pause(const SourceArguments& given) {
  const auto ticks = [](Duration time) { return static_cast<double>(time.count()); };
  if (given.random_pause)
    return {.length = Uniform{.least = 0, .most = ticks(*given.random_pause)}};
  return {.length = Constant{ticks(given.pause.value_or(Duration::zero()))}};
}

source::OnTrouble on_trouble(const SourceArguments& given) {
  if (given.counts_errors()) return source::OnTrouble::count;
  return given.carry_on ? source::OnTrouble::warn : source::OnTrouble::stop;
}

std::string describe(const source::RetryPolicy& retry) {
  std::string text = "first after " + report::span(in_seconds(retry.first));
  if (retry.factor != 1) {
    text += fmt::format(", then {:.4g} times as long, {} at most", retry.factor,
                        report::span(in_seconds(retry.most)));
  }
  if (retry.retries != source::RetryPolicy::kUnlimited) {
    text += fmt::format(", {} at most", retry.retries);
  }
  if (retry.give_up != source::RetryPolicy::kYear) {
    text += ", given up after " + report::span(in_seconds(retry.give_up));
  }
  return text;
}

// `sessions`: at once, where they are the level.
std::vector<Stage> schedule(const SourceArguments& given, unsigned sessions) {
  std::vector<Stage> schedule;
  if (given.stages) {
    schedule = given.stages->stages;
  } else {
    schedule = {one_stage(given.rate.value_or(static_cast<double>(sessions)), given.duration)};
  }
  if (given.warmup) schedule.insert(schedule.begin(), warm_up(schedule.front(), *given.warmup));
  return schedule;
}

}  // namespace

Stages read_stages(const std::string& text, std::string_view names) {
  Stages found;
  std::optional<bool> rates;
  for (const std::string& one : list_items(text, names)) {
    found.stages.push_back(stage(one, names, found.stages, rates));
  }
  found.of_rates = rates == true;
  return found;
}

void add_load_options(CommandLine& line, SourceArguments& given) {
  OptionGroup load(line, "Load (TIME: seconds, or with a unit: 500ms, 2s, 1m, 1h)");
  load.value("-m,--messages", "COUNT", "messages, over all sessions (1)", given.messages,
             number<std::uint64_t>("message count", 1));
  load.value("-s,--sessions", "COUNT", "sessions in parallel (1)", given.sessions,
             number<unsigned>("session count", 1));
  load.flag("-d,--keep-session", "keep the connection for the next message", given.keep_session);
  load.value("--messages-per-session", "COUNT", "the same, for so many messages",
             given.messages_per_session, number<std::uint64_t>("message count", 1));
  load.value("-w,--pause", "TIME", "wait before each message of a session", given.pause,
             time_value("fixed delay", kLeastTime));
  load.value("-R,--random-pause", "TIME", "the same, a random time up to this", given.random_pause,
             time_value("random delay", kLeastTime));
  load.flag("-A,--carry-on", "refusals and losses are only warnings", given.carry_on);

  OptionGroup model(line, "Load over time (errors are counted, and end nothing)");
  model.value("--duration", "TIME", "for so long, or until -m is reached", given.duration,
              time_value("duration", kShortest));
  model.value("--rate", "RATE", "open loop: so many messages are due,\nas 500/s, 3000/m, 100/h",
              given.rate, message_rate);
  using Pattern = source::ArrivalPattern;
  model.value(
      "--arrivals", "PATTERN", "constant or poisson (constant)", given.arrivals,
      one_of<Pattern>("pattern", {{"constant", Pattern::constant}, {"poisson", Pattern::poisson}}));
  model.value("--seed", "NUMBER", "of Poisson arrivals: the same ones again", given.seed,
              number<std::uint64_t>("seed", 0));
  model.value("--stages", "LIST",
              "rates (/s) or sessions in stages, as\nramp 0-2000/s 30s, hold 2000/s 2m",
              given.stages, read_stages);
  model.value("--warmup", "TIME", "go ahead for so long, unmeasured", given.warmup,
              time_value("warm-up", kShortest));
  model.value("--drain", "TIME", "at the end, wait so long for what is\nunder way (10)",
              given.drain, time_value("drain time", Duration(0)));
  model.value("--abort-on", "TEXT", "give the run up once so much has failed,\nas errors>20%",
              given.abort_on, abort_share);

  OptionGroup again(line, "Retries (errors are counted, and end nothing)");
  again.value("--retry", "TEXT",
              "send again what was not taken: 5x1s, or\nfirst 30s, factor 2, most 10m, give up 1h",
              given.retry, retry_policy);
  again.value("--retry-limit", "COUNT", "messages that may wait for it (100000)", given.retry_limit,
              number<std::uint64_t>("message count", 1));
}

void build_load(const SourceArguments& given, source::SourceOptions& options) {
  options.sessions = given.sessions.value_or(given.open_loop() ? kPool : 1);
  if (given.find_sessions) {
    options.sessions = static_cast<unsigned>(build_capacity(given)->task.range.high);
  }
  options.keep_session = given.keep_session || given.messages_per_session;
  put(options.session_messages, given.messages_per_session);
  options.messages = given.messages.value_or(given.timed() ? kNoLimit : 1);
  options.on_trouble = on_trouble(given);
  options.pause = pause(given);
  source::Load& load = options.load;
  load.open_loop = given.open_loop();
  load.schedule = schedule(given, options.sessions);
  if (given.stages_of_sessions()) {
    options.sessions =
        static_cast<unsigned>(std::max(1.0, source::Schedule(load.schedule).highest_level()));
  }
  put(load.pattern, given.arrivals);
  load.seed = given.seed.value_or(options.message.run);
  load.drain_limit = given.drain.value_or(kDrainLimit);
  load.abort_share = given.abort_on;
  load.retry = given.retry;
  put(load.retry_limit, given.retry_limit);
}

std::vector<std::pair<std::string, std::string>> describe_load(
    const source::SourceOptions& options) {
  const source::Load& load = options.load;
  const Stage& last = load.schedule.back();
  const bool poisson = load.pattern == source::ArrivalPattern::poisson;
  std::string model = load.open_loop
                          ? fmt::format("open loop, {} arrivals", poisson ? "Poisson" : "constant")
                          : std::string("closed loop");
  if (last.name == "run") {
    if (load.open_loop) model += ", " + report::rate(last.to);
    if (last.length != Stage::kEndless) {
      model += " for " + report::span(in_seconds(last.length));
    }
  } else {
    std::string stages;
    for (const Stage& stage : load.schedule) {
      if (stage.measured) stages += (stages.empty() ? "" : ", ") + stage.name;
    }
    model += ": " + stages;
  }
  std::string sessions = fmt::format("{}{}", load.open_loop ? "at most " : "", options.sessions);
  if (options.mix && options.mix->session.messages) {
    sessions += ", each for as many messages as the scenario says";
  } else if (options.session_messages > 0) {
    sessions += fmt::format(", each for {} message{}", options.session_messages,
                            plural(options.session_messages));
  } else {
    sessions += options.keep_session ? ", kept" : ", each for one message";
  }
  std::vector<std::pair<std::string, std::string>> settings = {
      {"to", net::describe(options.endpoint)}, {"load", model}, {"sessions", sessions}};
  if (!options.clients.empty()) settings.emplace_back("clients", describe_clients(options));
  if (load.retry) settings.emplace_back("retries", describe(*load.retry));
  return settings;
}

}  // namespace millrace::cli
