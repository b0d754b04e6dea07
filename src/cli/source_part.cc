#include "cli/source_part.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/calendar.h"
#include "base/diagnostics.h"
#include "base/input_file.h"
#include "base/number.h"
#include "base/quantity.h"
#include "base/roll.h"
#include "cli/source_arguments.h"
#include "cli/source_command_line.h"
#include "mail/dkim/sha256.h"
#include "report/text.h"

namespace millrace::cli {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::string_view kAuto = "auto";

// What starts many processes, and in which variables it tells each of them its number, from 0, and
// how many there are. One that is started by another comes ahead of that.
struct Engine {
  const char* name;
  const char* number;
  const char* of;  // null: it does not tell
};
constexpr std::array<Engine, 4> kEngines = {{
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"MPICH", "PMI_RANK", "PMI_SIZE"},
    {"Kubernetes", "JOB_COMPLETION_INDEX", nullptr},
    {"Slurm", "SLURM_PROCID", "SLURM_NTASKS"},
}};

// Options that say how much is sent when, and what: all parts of a run have the same.
struct OptionOfRun {
  const char* name;
  bool names_file = false;  // whose content counts, wherever it lies
};
constexpr std::array kOptionsOfRun = std::to_array<OptionOfRun>({
    {"--messages"},
    {"--sessions"},
    {"--keep-session"},
    {"--messages-per-session"},
    {"--pause"},
    {"--random-pause"},
    {"--duration"},
    {"--rate"},
    {"--arrivals"},
    {"--stages"},
    {"--find-rate"},
    {"--find-sessions"},
    {"--probe"},
    {"--confirm"},
    {"--warmup"},
    {"--drain"},
    {"--retry"},
    {"--retry-limit"},
    {"--client"},
    {"--lmtp"},
    {"--from"},
    {"--to"},
    {"-r"},
    {"--number-recipients"},
    {"--recipient-number"},
    {"--length"},
    {"--message-file", true},
    {"--subject"},
    {"--old"},
    {"--scenario", true},
    {"--senders"},
    {"--recipients"},
    {"--domains"},
    {"--size"},
    {"--corpus"},
    {"--template", true},
    {"--fields"},
    {"--header"},
    {"--body"},
    {"--smtputf8"},
    {"--requiretls"},
    {"--mt-priority"},
    {"--dsn-ret"},
    {"--dsn-envid"},
    {"--dsn-notify"},
    {"--dsn-orcpt"},
    {"--mail-param"},
    {"--rcpt-param"},
});

// What tells the load and the messages of a run from those of another: 12 hexadecimal digits.
std::string load_digest(int argc, const char* const* argv) {
  SourceArguments given;
  CommandLine line("", "smtp-source");
  add_source_options(line, given);
  line.parse(argc, argv);
  mail::Sha256 hash;
  for (const OptionOfRun& option : kOptionsOfRun) {
    for (std::string word : line.words_of(option.name)) {
      if (option.names_file && can_be_read_again(word)) word = read_file(word);
      hash.update(fmt::format("{} {}:", option.name, word.size()));
      hash.update(word);
    }
  }
  const mail::Sha256::Hash all = hash.finish();
  return fmt::format("{:02x}", fmt::join(all.begin(), all.begin() + 6, ""));
}

std::optional<unsigned> part_count(std::string_view text) {
  const auto count = whole_number(text, 1, report::kMostParts);
  if (!count) return std::nullopt;
  return static_cast<unsigned>(*count);
}

PartValue part_value(const std::string& text, std::string_view names) {
  const std::string_view all = text;
  const std::size_t slash = all.find('/');
  const std::string_view which = all.substr(0, slash);
  PartValue value;
  bool well = slash != std::string_view::npos || which == kAuto;
  if (slash != std::string_view::npos) {
    value.of = part_count(all.substr(slash + 1));
    well = value.of.has_value();
  }
  if (well && which != kAuto) {
    const auto number = whole_number(which, 1, *value.of);
    well = number.has_value();
    if (number) value.number = static_cast<unsigned>(*number - 1);
  }
  if (!well) {
    reject("part", text, names,
           fmt::format("expected K/N, as 1/3, 2/3 and 3/3 of three, with at most {} parts; auto or "
                       "auto/N",
                       report::kMostParts));
  }
  return value;
}

StartValue start_value(const std::string& text, std::string_view names) {
  if (const auto moment = utc_time(text)) return *moment;
  const auto away =
      text.starts_with('+') ? duration(std::string_view(text).substr(1)) : std::nullopt;
  const auto whole = std::chrono::floor<seconds>(away.value_or(Duration::zero()));
  if (!away || whole != *away || whole < seconds(1)) {
    reject("time", text, names,
           "expected UTC, as 2026-11-26T18:30:00Z, or whole seconds from now, as +30s");
  }
  return whole;
}

// The value of a variable as a number below `bound`.
unsigned told(const char* name, const char* value, std::uint64_t least, std::uint64_t most) {
  const auto number = whole_number(value, least, most);
  if (!number) {
    throw Fatal(fmt::format("--part auto: {} is {}: expected a number from {} to {}", name, value,
                            least, most));
  }
  return static_cast<unsigned>(*number);
}

unsigned count_of(const Engine& engine, const PartValue& value,
                  const std::function<const char*(const char*)>& variable) {
  const char* const text = engine.of != nullptr ? variable(engine.of) : nullptr;
  if (text == nullptr) {
    if (value.of) return *value.of;
    throw Fatal(
        fmt::format("--part auto: {} is there, which does not say of how many parts: "
                    "use --part auto/N",
                    engine.number));
  }
  const unsigned of = told(engine.of, text, 1, report::kMostParts);
  if (value.of.value_or(of) == of) return of;
  throw Fatal(fmt::format("--part auto/{}: {} says that there are {}", *value.of, engine.of, of));
}

// Seconds since 1970.
std::uint64_t epoch(system_clock::time_point moment) {
  return static_cast<std::uint64_t>(system_clock::to_time_t(moment));
}

}  // namespace

void add_part_options(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Parts of one run");
  group.value("--part", "K/N",
              "send part K of the N that make the run\n(auto, auto/N: the one that Slurm, MPI or\n"
              "Kubernetes says)",
              given.part, part_value);
  group.value("--start-at", "TIME",
              "begin then: 2026-11-26T18:30:00Z, or +30s,\nrounded up to a multiple of that",
              given.start_at, start_value);
}

source::Part part_of(const PartValue& value,
                     const std::function<const char*(const char* name)>& variable) {
  if (value.number) return {.number = *value.number, .of = *value.of};
  std::string names;
  for (const Engine& engine : kEngines) {
    const char* const number = variable(engine.number);
    if (number != nullptr) {
      const unsigned of = count_of(engine, value, variable);
      return {.number = told(engine.number, number, 0, of - 1), .of = of};
    }
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", engine.number, engine.name);
  }
  throw Fatal("--part auto: nothing says which part this is: expected one of the variables " +
              names);
}

std::optional<system_clock::time_point> start_of(const SourceArguments& given,
                                                 const Surroundings& here) {
  if (!given.start_at) return std::nullopt;
  const auto now = system_clock::from_time_t(here.now);
  if (const auto* const moment = std::get_if<system_clock::time_point>(&*given.start_at)) {
    if (*moment > now) return *moment;
    throw Fatal(fmt::format("--start-at {} is over: it is {}", utc_text(*moment), utc_text(now)));
  }
  // The second that has begun is not counted, so that it is as long as that in any case.
  const auto step = static_cast<std::uint64_t>(std::get<seconds>(*given.start_at).count());
  const std::uint64_t least = epoch(now) + 1 + step;
  return system_clock::from_time_t(static_cast<std::time_t>((least + step - 1) / step * step));
}

std::string waiting_text(system_clock::time_point start, system_clock::time_point now) {
  if (start - now < seconds(1)) return {};
  return fmt::format("the run begins at {}, in {}", utc_text(start),
                     report::span(std::chrono::duration<double>(start - now).count()));
}

Surroundings of_whole_run(const SourceArguments& given, const Surroundings& here) {
  Surroundings whole = here;
  const auto start = start_of(given, here);
  if (start) whole.now = system_clock::to_time_t(*start);
  const bool is_repeated = given.seed && given.differs();
  if (!given.is_part() && !is_repeated) return whole;
  constexpr unsigned kOtherBits = 16;  // than Surroundings::here() draws
  const std::uint64_t moment = start ? epoch(*start) : 0;
  whole.run = Roll(*given.seed + Roll::kStride * moment)() >> kOtherBits;
  return whole;
}

void check_part(const source::SourceOptions& options, bool is_rank) {
  const unsigned parts = options.part.of;
  const auto need = [&](std::uint64_t there, std::string_view what, std::string_view option) {
    if (there >= parts) return;
    throw Fatal(fmt::format("{} {}{} ({}) for {} {}: each needs one", there, what, plural(there),
                            option, parts, is_rank ? "ranks" : "parts (--part)"));
  };
  need(options.messages, "message", "-m");
  if (options.sessions > 0) return need(options.sessions, "session", "-s");
  need(options.all_clients(), "client", "--client");
}

std::optional<report::Parts> describe_part(const source::SourceOptions& options, int argc,
                                           const char* const* argv) {
  if (options.part.of == 1) return std::nullopt;
  return report::Parts{.run = fmt::format("{:012x}", options.message.run),
                       .load = load_digest(argc, argv),
                       .of = options.part.of,
                       .numbers = {options.part.number + 1}};
}

}  // namespace millrace::cli
