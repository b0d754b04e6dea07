#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/input_copies.h"
#include "base/number.h"
#include "base/roll.h"
#include "cli/command_line.h"
#include "cli/fleet_options.h"
#include "cli/fleet_report.h"
#include "cli/opening_letter.h"
#include "cli/report_options.h"
#include "cli/source_arguments.h"
#include "cli/source_command_line.h"
#include "cli/source_load.h"
#include "cli/source_part.h"
#include "fleet/fleet.h"
#include "fleet/mpi_post.h"
#include "report/progress.h"
#include "source/source.h"
#include "threads/signal_watch.h"

namespace {

using namespace millrace;

constexpr int kThresholdFailed = 3;  // exit status

// What rank 0 has for all.
struct Opening {
  cli::Surroundings here;
  std::uint64_t seed = 0;
  bool watched = false;  // it shows how the run goes
};

std::string to_letter(const Opening& opening) {
  return nlohmann::json{{"host", opening.here.host_name},
                        {"now", opening.here.now},
                        {"seed", opening.seed},
                        {"watched", opening.watched}}
      .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

Opening read_opening(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  return {.here = {.host_name = json.at("host"), .now = json.at("now")},
          .seed = json.at("seed"),
          .watched = json.at("watched")};
}

// How often others are to be told to end because a run has ended so.
unsigned end_for_others(metrics::Ending ending) { return static_cast<unsigned>(ending); }
static_assert(static_cast<unsigned>(metrics::Ending::interrupted) == 1 &&
              static_cast<unsigned>(metrics::Ending::failed) == 2);

// From a SIGTERM of mpirun until its SIGKILL: a second, unless its user says more.
Duration patience_of_mpirun() {
  const char* const told = std::getenv("OMPI_MCA_odls_base_sigkill_timeout");
  const auto seconds = told != nullptr ? whole_number(told, 1, 3'600) : std::nullopt;
  return std::chrono::seconds(static_cast<long>(seconds.value_or(1)));
}

using Watch = std::function<void(const metrics::ProgressSnapshot&)>;

// What this rank is to pour.
struct Task {
  cli::SourceCommandLine line;
  std::optional<report::Parts> parts;
};

// `files`: copies of those that options name, where there are other ranks.
Task build_task(const cli::SourceArguments& given, const cli::Surroundings& here,
                InputCopies& files, int argc, char** argv) {
  std::optional<InputCopies::Use> use;
  if (given.part->of > 1U) use.emplace(files);
  Task task{.line = cli::build_source(given, here)};
  task.parts = cli::describe_part(task.line.source, argc, argv);
  return task;
}

// Pours what this rank has of the run.
cli::RankReport pour_part(const Task& task, fleet::Fleet& all, threads::SignalWatch& signals,
                          const Watch& watch, int argc, char** argv) {
  source::SourceOptions options = task.line.source;
  options.start_at.reset();  // all agree on it
  const std::string host = report::Environment::here().host;
  source::Result result = source::run_source(options, signals, watch,
                                             {.agree_on_start = [&] { return all.agree(host); }});
  cli::RankReport part{.well = result.well,
                       .run = cli::describe_run(report::Run::Kind::source, argc, argv,
                                                *options.engine, options.threads)};
  part.run.settings = cli::describe_load(options);
  part.run.measurement = std::move(result.measurement);
  part.run.parts = task.parts;
  return part;
}

// Ends at once: what MPI has left to end waits for ranks that are gone.
[[noreturn]] void leave(int status) {
  std::fflush(nullptr);
  _exit(status);
}

// Shows how the run of all ranks goes, of which this one knows its own.
Watch watch_all(fleet::Fleet& all, report::Progress* progress) {
  if (progress == nullptr) return {};
  return [&all, progress](const metrics::ProgressSnapshot& own) {
    metrics::ProgressSnapshot whole = own;
    whole.asked *= all.ranks();
    if (own.second) whole.second = all.seconds_of_all(*own.second);
    progress->show(whole);
  };
}

Watch tell_rank_0(fleet::Fleet& all) {
  return [&all](const metrics::ProgressSnapshot& own) {
    if (own.second) all.tell(*own.second);
  };
}

int lead(const Task& task, fleet::Fleet& all, report::Progress* progress,
         threads::SignalWatch& signals, int argc, char** argv) {
  cli::Reports reports(task.line.report, report::OutputFile::How::replace);
  cli::RankReport own = pour_part(task, all, signals, watch_all(all, progress), argc, argv);
  if (progress != nullptr) progress->end();
  const auto ranks = all.gather(end_for_others(own.run.measurement.ending));
  cli::RankReport whole = cli::put_together(std::move(own), ranks);
  reports.deliver(whole.run);
  const bool is_whole = all.close();
  const int passed = whole.run.thresholds_passed() ? EXIT_SUCCESS : kThresholdFailed;
  if (!is_whole) leave(EXIT_FAILURE);
  return whole.well ? passed : EXIT_FAILURE;
}

// What rank 0 throws ends the others.
int lead_or_end(cli::SourceArguments given, fleet::Fleet& all, threads::SignalWatch& signals,
                int argc, char** argv) {
  // Goes when no other rank can say anything any more.
  std::unique_ptr<report::Progress> progress;
  try {
    Opening opening{.here = cli::Surroundings::here(), .seed = given.seed.value_or(random_seed())};
    given.seed = opening.seed;
    given.part = {.number = 0, .of = all.ranks()};
    InputCopies files;
    const Task task = build_task(given, opening.here, files, argc, argv);
    progress = cli::make_progress(task.line.report);
    opening.watched = progress != nullptr;
    all.open(cli::with_files(to_letter(opening), std::move(files)), task.line.source.start_at);
    return lead(task, all, progress.get(), signals, argc, argv);
  } catch (const std::exception& error) {
    report_fatal(error.what());
    all.gather(end_for_others(metrics::Ending::failed));
    if (!all.close()) leave(EXIT_FAILURE);
    return EXIT_FAILURE;
  }
}

// What another rank is to do, by what rank 0 has for all.
struct Errand {
  Task task;
  bool watched = false;
};

Errand build_errand(cli::SourceArguments given, fleet::Fleet& all, std::string letter, int argc,
                    char** argv) {
  cli::OpenedLetter opened = cli::open_letter(std::move(letter));
  const Opening opening = read_opening(opened.said);
  given.seed = opening.seed;
  given.part = {.number = all.rank(), .of = all.ranks()};
  return {.task = build_task(given, opening.here, opened.files, argc, argv),
          .watched = opening.watched};
}

int follow(const cli::SourceArguments& given, fleet::Fleet& all, threads::SignalWatch& signals,
           int argc, char** argv) {
  bool told = false;
  auto letter = all.opening();
  try {
    if (!letter) throw Fatal("was told to end before it began");
    const Errand errand = build_errand(given, all, std::move(*letter), argc, argv);
    // "smtp-source-mpi: warning: ...": rank 0 says whose it is. What there is to say of options and
    // files it has said itself.
    divert_messages([&all](std::string_view line) {
      const std::string_view text = line.substr(line.find(": ") + 2);
      all.say(text.substr(0, text.find('\n')));
    });
    const cli::RankReport part = pour_part(errand.task, all, signals,
                                           errand.watched ? tell_rank_0(all) : Watch(), argc, argv);
    told = all.hand_in(end_for_others(part.run.measurement.ending), cli::to_letter(part));
  } catch (const std::exception& error) {
    told = all.fail(error.what());
  }
  if (!told) {
    divert_messages({});
    report_fatal(fmt::format("rank {}: rank 0 is silent: nothing is reported", all.rank()));
    leave(EXIT_FAILURE);
  }
  return EXIT_SUCCESS;  // the status is that of rank 0
}

int pour(int argc, char** argv) {
  const cli::SourceArguments given = cli::read_fleet_arguments(argc, argv);
  threads::block_ending_signals();  // from here on they wait for those who take them
  threads::SignalWatch signals;
  fleet::Fleet all(fleet::mpi_post, signals, patience_of_mpirun());
  if (all.rank() == 0) return lead_or_end(given, all, signals, argc, argv);
  divert_messages([](std::string_view /*line*/) {});
  return follow(given, all, signals, argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  // Open MPI gives each rank a terminal of its own, wherever that goes.
  setenv("NO_COLOR", "1", 0);
  // What is wrong with the line is wrong for all, and its help is the same: one says so.
  if (fleet::rank_by_environment() != 0) {
    divert_messages([](std::string_view /*line*/) {});
    if (std::freopen("/dev/null", "w", stdout) == nullptr) return EXIT_FAILURE;
  }
  return cli::run_main(argv[0], [&] { return pour(argc, argv); });
}
