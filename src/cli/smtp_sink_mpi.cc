#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/counter_line.h"
#include "base/diagnostics.h"
#include "cli/fleet_main.h"
#include "cli/fleet_report.h"
#include "cli/fleet_sink_options.h"
#include "cli/network_options.h"
#include "cli/report_options.h"
#include "cli/sink_arguments.h"
#include "cli/sink_command_line.h"
#include "cli/sink_counts.h"
#include "cli/version.h"
#include "fleet/fleet.h"
#include "fleet/mpi_post.h"
#include "sink/sink.h"
#include "threads/quota_share.h"
#include "threads/signal_watch.h"

namespace {

using namespace millrace;

// A sink is as it should be when it is told to end: the others have to end with it.
constexpr unsigned kEnded = 1;

using Watch = std::function<void(const sink::SinkState& state)>;

class SinkProgram final : public cli::FleetProgram {
 public:
  SinkProgram(int argc, char** argv)
      : argc_(argc), argv_(argv), given_(cli::read_fleet_sink_arguments(argc, argv)) {
    if (given_.has_rules()) threads::block_hangup();
  }

  Outcome lead(fleet::Fleet& all, threads::SignalWatch& signals) override {
    const cli::SinkCommandLine line = cli::build_sink(given_);
    const cli::SinkOpening opening{.goal = cli::goal_of(line.sink),
                                   .counted = line.sink.show_counters};
    if (geteuid() == 0) warn("runs as root, as mpirun was told to");
    cli::Reports reports(line.report, report::OutputFile::How::replace);
    if (opening.counted) counters_.emplace(cli::SinkCounts{}.shown());
    const sink::QuotaShares quotas = share_quotas(opening.goal, all);
    all.open(to_letter(opening), {});
    cli::SinkCounts own;
    const Watch watch = [&](const sink::SinkState& state) {
      own = cli::counts_of(state, Clock::now());
      if (counters_) counters_->show(count_all(own, all).shown());
      if (reached(opening.goal, count_all(own, all))) all.end_all();
    };
    cli::RankReport part = take_part(line.sink, opening, quotas, all, signals, watch);
    const auto ranks = all.gather(kEnded);
    if (counters_) counters_->end(cli::count_all(own, ranks, Clock::now()).shown());
    cli::tell_of_missing(ranks, "the report is without it");
    cli::RankReport whole = cli::put_together(std::move(part), ranks);
    reports.deliver(whole.run);
    return {.whole = all.close(), .status = whole.well ? EXIT_SUCCESS : EXIT_FAILURE};
  }

  bool follow(std::string text, fleet::Fleet& all, threads::SignalWatch& signals) override {
    cli::speak_through_rank_0(all);
    const cli::SinkOpening opening = cli::read_sink_opening(text);
    cli::SinkCounts told;
    const Watch watch = [&](const sink::SinkState& state) {
      cli::SinkCounts now = cli::counts_of(state, Clock::now());
      const std::string letter = to_letter(now);
      now.quiet.reset();  // grows by itself
      if (std::exchange(told, now) != now) all.count(letter);
    };
    const cli::RankReport part = take_part(cli::build_sink(given_).sink, opening,
                                           share_quotas(opening.goal, all), all, signals, watch);
    return all.hand_in(kEnded, cli::to_letter(part));
  }

 private:
  static cli::SinkCounts count_all(const cli::SinkCounts& own, fleet::Fleet& all) {
    return cli::count_all(own, all.known(), Clock::now());
  }

  // Takes what comes to this rank. `watch`: told of it, where rank 0 has to know.
  cli::RankReport take_part(sink::SinkOptions options, const cli::SinkOpening& opening,
                            const sink::QuotaShares& quotas, fleet::Fleet& all,
                            threads::SignalWatch& signals, const Watch& watch) {
    cli::take_share(options, opening, all.rank(), all.ranks());
    if (options.verbose) inform(cli::describe(*options.engine, options.threads));
    cli::RankReport part{.well = true, .run = cli::describe_sink(options, argc_, argv_)};
    const sink::Fellows fellows{
        .quotas = quotas,
        .agree_on_start =
            [&] { return all.agree({.host = part.run.environment.host, .load = cli::kVersion}); },
        .watch = opening.watched() ? watch : Watch()};
    part.run.measurement = sink::run_sink(options, {}, signals, fellows).measurement;
    all.end_running();
    return part;
  }

  // The same quotas have the same numbers in all ranks.
  sink::QuotaShares share_quotas(const cli::SinkGoal& goal, fleet::Fleet& all) {
    fleet::QuotaShares shares;
    std::vector<std::uint64_t> quotas;
    const auto share = [&](const std::optional<std::uint64_t>& quota,
                           threads::QuotaShare& own) -> threads::QuotaShare* {
      if (!quota) return nullptr;
      shares.push_back(&own);
      quotas.push_back(*quota);
      return &own;
    };
    const sink::QuotaShares own{.messages = share(goal.messages, messages_),
                                .quits = share(goal.quits, quits_)};
    all.share(std::move(shares), quotas);
    return own;
  }

  const int argc_;
  char** const argv_;
  const cli::SinkArguments given_;
  // Until the fleet, which speaks of them, has gone.
  threads::QuotaShare messages_;
  threads::QuotaShare quits_;
  std::optional<CounterLine> counters_;
};

}  // namespace

int main(int argc, char** argv) {
  return cli::fleet_main(argv[0], {.post = fleet::mpi_post, .rank = fleet::rank_by_environment()},
                         [&] { return std::make_unique<SinkProgram>(argc, argv); });
}
