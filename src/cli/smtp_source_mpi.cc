#include <cstdlib>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/roll.h"
#include "cli/fleet_main.h"
#include "cli/fleet_options.h"
#include "cli/fleet_report.h"
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

using Watch = std::function<void(const metrics::ProgressSnapshot&)>;

// Pours what this rank has of the run.
cli::RankReport pour_part(const cli::SourceCommandLine& line, fleet::Fleet& all,
                          threads::SignalWatch& signals, const Watch& watch, int argc,
                          char** argv) {
  source::SourceOptions options = line.source;
  options.start_at.reset();  // all agree on it
  auto parts = cli::describe_part(options, argc, argv);
  const std::string host = report::Environment::here().host;
  source::Result result = source::run_source(options, signals, watch,
                                             {.agree_on_start = [&] { return all.agree(host); }});
  cli::RankReport part{.well = result.well,
                       .run = cli::describe_run(report::Run::Kind::source, argc, argv,
                                                *options.engine, options.threads)};
  part.run.settings = cli::describe_load(options);
  part.run.measurement = std::move(result.measurement);
  part.run.parts = std::move(parts);
  return part;
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

class SourceProgram final : public cli::FleetProgram {
 public:
  SourceProgram(int argc, char** argv)
      : argc_(argc), argv_(argv), given_(cli::read_fleet_arguments(argc, argv)) {}

  Outcome lead(fleet::Fleet& all, threads::SignalWatch& signals) override {
    Opening opening{.here = cli::Surroundings::here(), .seed = given_.seed.value_or(random_seed())};
    const cli::SourceCommandLine line = build(opening, all);
    progress_ = cli::make_progress(line.report);
    opening.watched = progress_ != nullptr;
    all.open(to_letter(opening), line.source.start_at);
    cli::Reports reports(line.report, report::OutputFile::How::replace);
    cli::RankReport own =
        pour_part(line, all, signals, watch_all(all, progress_.get()), argc_, argv_);
    if (progress_) progress_->end();
    const auto ranks = all.gather(end_for_others(own.run.measurement.ending));
    cli::RankReport whole = cli::put_together(std::move(own), ranks);
    reports.deliver(whole.run);
    const int passed = whole.run.thresholds_passed() ? EXIT_SUCCESS : kThresholdFailed;
    return {.whole = all.close(), .status = whole.well ? passed : EXIT_FAILURE};
  }

  cli::HandedIn follow(const std::string& text, fleet::Fleet& all,
                       threads::SignalWatch& signals) override {
    const Opening opening = read_opening(text);
    const cli::RankReport part =
        pour_part(build(opening, all), all, signals, opening.watched ? tell_rank_0(all) : Watch(),
                  argc_, argv_);
    return {.end = end_for_others(part.run.measurement.ending), .result = cli::to_letter(part)};
  }

 private:
  cli::SourceCommandLine build(const Opening& opening, const fleet::Fleet& all) {
    given_.seed = opening.seed;
    given_.part = {.number = all.rank(), .of = all.ranks()};
    return cli::build_source(given_, opening.here);
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
