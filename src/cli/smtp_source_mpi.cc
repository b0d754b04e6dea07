#include <algorithm>
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
#include "base/roll.h"
#include "cli/fleet_main.h"
#include "cli/fleet_options.h"
#include "cli/fleet_report.h"
#include "cli/fleet_search.h"
#include "cli/opening_letter.h"
#include "cli/report_options.h"
#include "cli/source_arguments.h"
#include "cli/source_capacity.h"
#include "cli/source_command_line.h"
#include "cli/source_load.h"
#include "cli/source_part.h"
#include "cli/version.h"
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

using Watch = std::function<void(const metrics::ProgressSnapshot&)>;

// What a rank has of the run or of the search that its command line asks for.
struct Task {
  cli::SourceCommandLine line;
  std::optional<report::Parts> parts;
};

// A rank that has a task.
class Rank {
 public:
  Rank(const Task& task, fleet::Fleet& all, threads::SignalWatch& signals, Watch watch, int argc,
       char** argv)
      : all_(all),
        signals_(signals),
        watch_(std::move(watch)),
        described_(cli::describe_run(report::Run::Kind::source, argc, argv,
                                     *task.line.source.engine, task.line.source.threads)) {
    described_.settings =
        task.line.capacity ? cli::describe_search(task.line) : cli::describe_load(task.line.source);
    described_.parts = task.parts;
  }

  // Pours what this rank has of a run.
  cli::RankReport pour(source::SourceOptions options) {
    options.start_at.reset();  // all agree on it
    source::Result result = source::run_source(
        options, signals_, watch_, {.agree_on_start = [this] { return all_.agree(readiness()); }});
    all_.end_running();
    cli::RankReport part{.well = result.well, .completions = result.completions, .run = described_};
    part.run.environment.threads = options.threads;
    part.run.measurement = std::move(result.measurement);
    return part;
  }

 private:
  [[nodiscard]] fleet::Readiness readiness() const {
    return {.host = described_.environment.host,
            .load = std::string(cli::kVersion) +
                    (described_.parts ? "+" + described_.parts->load : "")};
  }

  fleet::Fleet& all_;
  threads::SignalWatch& signals_;
  const Watch watch_;
  report::Run described_;  // but for what is measured
};

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
  cli::tell_wait(line);
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
      .judge = [&](const source::Probe& /*probe*/,
                   const metrics::Measurement& measured) { return found.judge(measured); },
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
  const bool is_found = result.answer.limit != source::CapacityLimit::unknown;
  cli::tell_of_missing(ranks,
                       is_found ? "all that was found is reported" : "the search has ended there");
  const bool are_there = std::all_of(ranks.begin(), ranks.end(),
                                     [](const auto& rank) { return rank.trouble.empty(); });
  cli::RankReport whole{.well = result.run.well && are_there,
                        .run = probes.describe(result, ranks)};
  whole.run.measurement = std::move(result.run.measurement);
  whole.run.capacity = found.finish(result.answer);
  return whole;
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

class SourceProgram final : public cli::FleetProgram {
 public:
  SourceProgram(int argc, char** argv)
      : argc_(argc), argv_(argv), given_(cli::read_fleet_arguments(argc, argv)) {}

  Outcome lead(fleet::Fleet& all, threads::SignalWatch& signals) override {
    Opening opening{.here = cli::Surroundings::here(), .seed = given_.seed.value_or(random_seed())};
    InputCopies files;
    const Task task = build(opening, files, all);
    const cli::SourceCommandLine& line = task.line;
    progress_ = cli::make_progress(line.report);
    opening.watched = progress_ != nullptr;
    std::string letter = cli::with_files(to_letter(opening), std::move(files));
    if (line.capacity) {
      all.open_several(std::move(letter));
    } else {
      all.open(std::move(letter), line.source.start_at);
    }
    cli::Reports reports(line.report, report::OutputFile::How::replace);
    Rank self(task, all, signals, watch_all(all, progress_.get()), argc_, argv_);
    cli::RankReport whole = line.capacity ? lead_search(line, all, self, signals, progress_.get())
                                          : lead_run(line, all, self, progress_.get());
    reports.deliver(whole.run);
    const bool found = !whole.run.capacity || whole.run.capacity->found();
    const int passed = found && whole.run.thresholds_passed() ? EXIT_SUCCESS : kThresholdFailed;
    return {.whole = all.close(), .status = whole.well ? passed : EXIT_FAILURE};
  }

  bool follow(std::string letter, fleet::Fleet& all, threads::SignalWatch& signals) override {
    bool watched = false;
    const Task task = build_by(std::move(letter), all, watched);
    cli::speak_through_rank_0(all);  // which has said itself what there is to say of options
    Rank self(task, all, signals, watched ? tell_rank_0(all) : Watch(), argc_, argv_);
    if (task.line.capacity) return follow_search(task.line, all, self);
    const cli::RankReport part = self.pour(task.line.source);
    return all.hand_in(end_for_others(part.run.measurement.ending), cli::to_letter(part));
  }

 private:
  // By what rank 0 has for all, whose files go when they were read. `watched`: whether it shows how
  // the run goes.
  Task build_by(std::string letter, const fleet::Fleet& all, bool& watched) {
    cli::OpenedLetter opened = cli::open_letter(std::move(letter));
    const Opening opening = read_opening(opened.said);
    watched = opening.watched;
    return build(opening, opened.files, all);
  }

  // `files`: copies of those that options name, where there are other ranks.
  Task build(const Opening& opening, InputCopies& files, const fleet::Fleet& all) {
    given_.seed = opening.seed;
    given_.rank = {.number = all.rank(), .of = all.ranks()};
    std::optional<InputCopies::Use> use;
    if (all.ranks() > 1) use.emplace(files);
    Task task{.line = cli::build_source(given_, opening.here)};
    task.parts = cli::describe_part(task.line.source, argc_, argv_);
    return task;
  }

  const int argc_;
  char** const argv_;
  cli::SourceArguments given_;
  std::unique_ptr<report::Progress> progress_;  // until no other rank can say anything any more
};

}  // namespace

int main(int argc, char** argv) {
  return cli::fleet_main(argv[0], {.post = fleet::mpi_post, .rank = fleet::rank_by_environment()},
                         [&] { return std::make_unique<SourceProgram>(argc, argv); });
}
