#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
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
#include "base/number.h"
#include "base/roll.h"
#include "cli/command_line.h"
#include "cli/fleet_options.h"
#include "cli/fleet_report.h"
#include "cli/fleet_search.h"
#include "cli/report_options.h"
#include "cli/source_arguments.h"
#include "cli/source_capacity.h"
#include "cli/source_command_line.h"
#include "cli/source_load.h"
#include "cli/source_part.h"
#include "fleet/fleet.h"
#include "fleet/mpi_post.h"
#include "report/progress.h"
#include "source/find_capacity.h"
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

// A rank of the run or of the search that its command line asks for.
class Rank {
 public:
  Rank(const cli::SourceCommandLine& line, fleet::Fleet& all, threads::SignalWatch& signals,
       Watch watch, int argc, char** argv)
      : all_(all),
        signals_(signals),
        watch_(std::move(watch)),
        described_(cli::describe_run(report::Run::Kind::source, argc, argv, *line.source.engine,
                                     line.source.threads)) {
    described_.settings =
        line.capacity ? cli::describe_search(line) : cli::describe_load(line.source);
    described_.parts = cli::describe_part(line.source, argc, argv);
  }

  // Pours what this rank has of a run.
  cli::RankReport pour(source::SourceOptions options) {
    options.start_at.reset();  // all agree on it
    source::Result result = source::run_source(
        options, signals_, watch_,
        {.agree_on_start = [this] { return all_.agree(described_.environment.host); }});
    cli::RankReport part{.well = result.well, .completions = result.completions, .run = described_};
    part.run.environment.threads = options.threads;
    part.run.measurement = std::move(result.measurement);
    return part;
  }

 private:
  fleet::Fleet& all_;
  threads::SignalWatch& signals_;
  const Watch watch_;
  report::Run described_;  // but for what is measured
};

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

// Leads all ranks through one run.
cli::RankReport lead_run(const cli::SourceCommandLine& line, fleet::Fleet& all, Rank& self,
                         report::Progress* progress) {
  cli::RankReport own = self.pour(line.source);
  if (progress != nullptr) progress->end();
  const auto ranks = all.finish(end_for_others(own.run.measurement.ending));
  cli::tell_of_missing(ranks, "the report is without it");
  return cli::put_together(std::move(own), ranks);
}

// Leads all ranks through a search: what this one decides all do.
cli::RankReport lead_search(const cli::SourceCommandLine& line, fleet::Fleet& all, Rank& self,
                            threads::SignalWatch& signals, report::Progress* progress) {
  cli::CapacityReport found(*line.capacity);
  cli::FleetProbes probes;
  const source::CapacityCallbacks callbacks{
      .run =
          [&](const source::ProbeOrder& order, const source::SourceOptions& of_probe,
              source::StampedRuns* /*stamped*/) {
            all.hand_out(cli::to_letter(order));
            cli::RankReport own = self.pour(of_probe);
            const auto ranks = all.gather(end_for_others(own.run.measurement.ending));
            return probes.take(std::move(own), ranks, of_probe);
          },
      .holds = [&](const metrics::Measurement& measured) { return found.holds(measured); },
      .told =
          [&](const source::Probe& probe, source::ProbeOutcome outcome,
              const metrics::Measurement& measured, const std::string& reason) {
            const std::string text = found.take(probe, outcome, measured, reason);
            if (progress != nullptr) inform(text);
          }};
  source::CapacityResult result =
      source::find_capacity(line.source, line.capacity->task, signals, callbacks);
  if (progress != nullptr) progress->end();
  const auto ranks = all.finish(end_for_others(result.run.measurement.ending));
  cli::tell_of_missing(ranks, "the search has ended there");
  const bool are_there = std::all_of(ranks.begin(), ranks.end(),
                                     [](const auto& rank) { return rank.trouble.empty(); });
  cli::RankReport whole{.well = result.run.well && are_there,
                        .run = probes.describe(result.number, ranks)};
  whole.run.measurement = std::move(result.run.measurement);
  whole.run.capacity = found.finish(result.answer);
  return whole;
}

int lead(const cli::SourceCommandLine& line, fleet::Fleet& all, report::Progress* progress,
         threads::SignalWatch& signals, int argc, char** argv) {
  cli::Reports reports(line.report, report::OutputFile::How::replace);
  Rank self(line, all, signals, watch_all(all, progress), argc, argv);
  cli::RankReport whole = line.capacity ? lead_search(line, all, self, signals, progress)
                                        : lead_run(line, all, self, progress);
  reports.deliver(whole.run);
  const bool found = !whole.run.capacity || whole.run.capacity->found();
  const int passed = found && whole.run.thresholds_passed() ? EXIT_SUCCESS : kThresholdFailed;
  if (!all.close()) leave(EXIT_FAILURE);
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
    given.rank = {.number = 0, .of = all.ranks()};
    const cli::SourceCommandLine line = cli::build_source(given, opening.here);
    progress = cli::make_progress(line.report);
    opening.watched = progress != nullptr;
    if (line.capacity) {
      all.open_several(to_letter(opening));
    } else {
      all.open(to_letter(opening), line.source.start_at);
    }
    return lead(line, all, progress.get(), signals, argc, argv);
  } catch (const std::exception& error) {
    report_fatal(error.what());
    all.finish(end_for_others(metrics::Ending::failed));
    if (!all.close()) leave(EXIT_FAILURE);
    return EXIT_FAILURE;
  }
}

// Makes the probes that rank 0 asks for, to the last. Whether that was there to the end.
bool follow_search(const cli::SourceCommandLine& line, fleet::Fleet& all, Rank& self) {
  const source::CapacityTask& task = line.capacity->task;
  const source::SourceOptions options = source::search_options(line.source, task);
  while (const auto text = all.next()) {
    const cli::RankReport part =
        self.pour(source::probe_options(options, task, cli::read_order(*text)));
    all.deliver(end_for_others(part.run.measurement.ending), cli::to_letter(part));
  }
  return all.wait_for_over();
}

int follow(cli::SourceArguments given, fleet::Fleet& all, threads::SignalWatch& signals, int argc,
           char** argv) {
  bool told = false;
  const auto text = all.opening();
  try {
    if (!text) throw Fatal("was told to end before it began");
    const Opening opening = read_opening(*text);
    given.seed = opening.seed;
    given.rank = {.number = all.rank(), .of = all.ranks()};
    const cli::SourceCommandLine line = cli::build_source(given, opening.here);
    Rank self(line, all, signals, opening.watched ? tell_rank_0(all) : Watch(), argc, argv);
    if (line.capacity) {
      told = follow_search(line, all, self);
    } else {
      const cli::RankReport part = self.pour(line.source);
      told = all.hand_in(end_for_others(part.run.measurement.ending), cli::to_letter(part));
    }
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
  // "smtp-source-mpi: warning: ...": rank 0 says whose it is.
  divert_messages([&all](std::string_view line) {
    const std::string_view text = line.substr(line.find(": ") + 2);
    all.say(text.substr(0, text.find('\n')));
  });
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
