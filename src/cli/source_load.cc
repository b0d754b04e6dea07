#include "cli/source_load.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/diagnostics.h"
#include "base/quantity.h"
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
constexpr double kMostSessions = 1'000'000;
constexpr double kHighestRate = 1e8;  // a second

// Nobody means to run a load for less.
constexpr std::chrono::milliseconds kShortest{1};

constexpr std::string_view kStagesForm =
    "expected stages such as ramp 0-2000/s 30s, hold 2000/s 2m";

double rate(const std::string& text) {
  const auto value = per_second(text);
  if (!value || *value <= 0 || *value > kHighestRate) {
    reject("rate", text, "--rate", "expected a number of messages, as 500/s, 3000/m or 100/h");
  }
  return *value;
}

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

Stage stage(std::string_view text, const std::vector<Stage>& before,
            std::optional<bool>& are_rates) {
  const auto wrong = [&] { reject("stage", text, "--stages", kStagesForm); };
  const StageText parts = split_stage(text);
  const bool ramp = parts.kind == "ramp";
  if (!ramp && parts.kind != "hold") wrong();
  const auto length = duration(parts.length);
  if (!length) wrong();
  if (*length < kShortest) reject("stage", text, "--stages", "a stage lasts at least 1ms");
  const double last = before.empty() ? 0 : before.back().to;
  Stage stage{.name = std::string(text), .length = *length, .from = last, .to = last};
  if (parts.level.empty()) {
    if (ramp || before.empty()) wrong();
    return stage;
  }
  const auto levels = cli::levels(parts.level);
  if (!levels || (!ramp && levels->from)) wrong();
  if (are_rates.value_or(levels->rate) != levels->rate) {
    reject("stage", text, "--stages", "all stages are of rates, or all of sessions");
  }
  are_rates = levels->rate;
  stage.to = levels->to;
  stage.from = levels->from.value_or(ramp ? last : levels->to);
  return stage;
}

// "errors>20%": what --abort-on waits for.
double abort_share(const std::string& text) {
  std::string plain = text;
  std::erase(plain, ' ');
  constexpr std::string_view kErrors = "errors>";
  const auto value = plain.starts_with(kErrors)
                         ? share(std::string_view(plain).substr(kErrors.size()))
                         : std::nullopt;
  if (!value) {
    reject("condition", text, "--abort-on", "expected a share of failed messages, as errors>20%");
  }
  return *value;
}

Duration positive_time(std::string_view what, const std::string& text, std::string_view names) {
  return time_value(what, text, names, Duration(1));
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

void check_load(const LoadDraft& draft, bool open_loop, bool session_stages) {
  if (draft.stages && (draft.rate || draft.duration)) {
    throw Fatal("--stages says rates and times itself: not with --rate or --duration");
  }
  if (draft.pattern && !open_loop) throw Fatal("--arrivals needs --rate, or --stages of rates");
  if (draft.seed && draft.pattern != source::ArrivalPattern::poisson) {
    throw Fatal("--seed needs --arrivals poisson");
  }
  if (open_loop && (draft.fixed_pause || draft.random_pause)) {
    throw Fatal("-w and -R cannot be used with a rate, which says when messages are due");
  }
  if (session_stages && draft.sessions) {
    throw Fatal("--stages of sessions says how many: not with -s");
  }
  if (draft.fixed_pause && draft.random_pause) {
    throw Fatal("do not use -w and -R options at the same time");
  }
}

}  // namespace

bool LoadDraft::modelled(const source::SourceOptions& options) const {
  return rate || pattern || seed || duration || warmup || drain_limit || stages ||
         options.session_messages > 0 || options.load.abort_share;
}

std::vector<Stage> parse_stages(const std::string& text, bool& are_rates) {
  std::vector<Stage> stages;
  std::optional<bool> rates;
  for (const std::string_view one : list_items(text, "--stages")) {
    stages.push_back(stage(one, stages, rates));
  }
  are_rates = rates == true;
  return stages;
}

void add_load_options(CommandLine& line, source::SourceOptions& options, LoadDraft& draft) {
  OptionGroup load(line, "Load (TIME: seconds, or with a unit: 500ms, 2s, 1m, 1h)");
  load.number<std::uint64_t>("-m,--messages", "COUNT", "message count", 1,
                             "messages, over all sessions (1)",
                             [&draft](std::uint64_t count) { draft.messages = count; });
  load.number<unsigned>("-s,--sessions", "COUNT", "session count", 1, "sessions in parallel (1)",
                        [&draft](unsigned count) { draft.sessions = count; });
  load.flag("-d,--keep-session", "keep the connection for the next message", options.keep_session);
  load.number<std::uint64_t>("--messages-per-session", "COUNT", "message count", 1,
                             "the same, for so many messages", [&options](std::uint64_t count) {
                               options.keep_session = true;
                               options.session_messages = count;
                             });
  load.value("-w,--pause", "TIME", "wait before each message of a session",
             [&draft](const std::string& text) {
               draft.fixed_pause = positive_time("fixed delay", text, "-w,--pause");
             });
  load.value("-R,--random-pause", "TIME", "the same, a random time up to this",
             [&draft](const std::string& text) {
               draft.random_pause = positive_time("random delay", text, "-R,--random-pause");
             });
  load.flag("-A,--carry-on", "refusals and losses are only warnings",
            [&options] { options.on_trouble = source::OnTrouble::warn; });

  OptionGroup model(line, "Load over time (errors are counted, and end nothing)");
  model.value("--duration", "TIME", "for so long, or until -m is reached",
              [&draft](const std::string& text) {
                draft.duration = time_value("duration", text, "--duration", kShortest);
              });
  model.value("--rate", "RATE", "open loop: so many messages are due,\nas 500/s, 3000/m, 100/h",
              [&draft](const std::string& text) { draft.rate = rate(text); });
  model.value(
      "--arrivals", "PATTERN", "constant or poisson (constant)", [&draft](const std::string& text) {
        if (text != "constant" && text != "poisson") {
          reject("pattern", text, "--arrivals", "expected constant or poisson");
        }
        draft.pattern =
            text == "poisson" ? source::ArrivalPattern::poisson : source::ArrivalPattern::constant;
      });
  model.number<std::uint64_t>("--seed", "NUMBER", "seed", 0,
                              "of Poisson arrivals: the same ones again",
                              [&draft](std::uint64_t seed) { draft.seed = seed; });
  model.value("--stages", "LIST",
              "rates (/s) or sessions in stages, as\n"
              "ramp 0-2000/s 30s, hold 2000/s 2m",
              [&draft](const std::string& text) { draft.stages = text; });
  model.value("--warmup", "TIME", "go ahead for so long, unmeasured",
              [&draft](const std::string& text) {
                draft.warmup = time_value("warm-up", text, "--warmup", kShortest);
              });
  model.value("--drain", "TIME", "at the end, wait so long for what is\nunder way (10)",
              [&draft](const std::string& text) {
                draft.drain_limit = time_value("drain time", text, "--drain", Duration(0));
              });
  model.value(
      "--abort-on", "TEXT", "give the run up once so much has failed,\nas errors>20%",
      [&options](const std::string& text) { options.load.abort_share = abort_share(text); });
}

void complete_load(source::SourceOptions& options, const LoadDraft& draft) {
  source::Load& load = options.load;
  bool stages_are_rates = false;
  if (draft.stages) load.schedule = parse_stages(*draft.stages, stages_are_rates);
  load.open_loop = draft.rate || stages_are_rates;
  const bool session_stages = draft.stages && !stages_are_rates;
  check_load(draft, load.open_loop, session_stages);

  options.sessions = draft.sessions.value_or(load.open_loop ? kPool : 1);
  if (!draft.stages) {
    const double level = draft.rate.value_or(static_cast<double>(options.sessions));
    load.schedule = {one_stage(level, draft.duration)};
  }
  if (draft.warmup) {
    load.schedule.insert(load.schedule.begin(), warm_up(load.schedule.front(), *draft.warmup));
  }
  if (session_stages) {
    options.sessions =
        static_cast<unsigned>(std::max(1.0, source::Schedule(load.schedule).highest_level()));
  }
  load.pattern = draft.pattern.value_or(source::ArrivalPattern::constant);
  load.seed = draft.seed.value_or(options.message.run);
  load.drain_limit = draft.drain_limit.value_or(kDrainLimit);
  const bool timed = load.open_loop || draft.duration || draft.stages;
  options.messages = draft.messages.value_or(timed ? kNoLimit : 1);
  if (timed) options.on_trouble = source::OnTrouble::count;
  if (load.abort_share && options.on_trouble == source::OnTrouble::stop) {
    throw Fatal(
        "--abort-on needs --rate, --duration or --stages, or -A: the first error ends others");
  }
  options.pause = draft.random_pause
                      ? source::Pause{.length = *draft.random_pause, .random = true}
                      : source::Pause{.length = draft.fixed_pause.value_or(Duration::zero())};
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
  if (options.session_messages > 0) {
    sessions += fmt::format(", each for {} message{}", options.session_messages,
                            plural(options.session_messages));
  } else {
    sessions += options.keep_session ? ", kept" : ", each for one message";
  }
  return {{"to", net::describe(options.endpoint)}, {"load", model}, {"sessions", sessions}};
}

}  // namespace millrace::cli
