#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/diagnostics.h"
#include "cli/command_line.h"
#include "cli/network_options.h"
#include "cli/report_options.h"
#include "cli/source_capacity.h"
#include "cli/source_command_line.h"
#include "cli/source_load.h"
#include "cli/source_part.h"
#include "cli/source_traffic.h"
#include "source/find_capacity.h"
#include "source/source.h"
#include "threads/signal_watch.h"

namespace {

using namespace millrace;

constexpr int kThresholdFailed = 3;  // exit status

using Watch = std::function<void(const metrics::ProgressSnapshot&)>;

// Searches the highest level that the server holds: as it should be is only that it was found and
// confirmed.
int find_capacity(const cli::SourceCommandLine& line, threads::SignalWatch& signals,
                  const Watch& watch, const std::unique_ptr<report::Progress>& progress,
                  report::Run run, cli::Reports& reports) {
  cli::CapacityReport found(*line.capacity);
  const source::CapacityCallbacks callbacks{
      .run =
          [&](const source::ProbeOrder& /*order*/, const source::SourceOptions& of_probe,
              source::StampedRuns* stamped) {
            return source::ProbeRun::of(
                source::run_source(of_probe, signals, watch, {.stamped = stamped}), of_probe);
          },
      .judge = [&](const source::Probe& /*probe*/,
                   const metrics::Measurement& measured) { return found.judge(measured); },
      .told =
          [&](const source::Probe& probe, source::ProbeOutcome outcome,
              const metrics::Measurement& measured, const std::string& reason) {
            const std::string text = found.take(probe, outcome, measured, reason);
            if (progress) inform(text);
          }};
  source::CapacityResult result =
      source::find_capacity(line.source, line.capacity->task, signals, callbacks);
  if (progress) progress->end();
  run.settings = cli::describe_search(line);
  run.measurement = std::move(result.run.measurement);
  run.capacity = found.finish(result.answer);
  reports.deliver(run);
  if (!result.run.well) return EXIT_FAILURE;
  return run.capacity->found() && run.thresholds_passed() ? EXIT_SUCCESS : kThresholdFailed;
}

int pour(int argc, char** argv) {
  const cli::SourceCommandLine line = cli::parse_source_command_line(argc, argv);
  if (line.show) {
    cli::show_message(line.source, *line.show);
    return EXIT_SUCCESS;
  }
  threads::block_ending_signals();  // from here on they wait for those who take them
  const source::SourceOptions& options = line.source;
  std::optional<report::Parts> parts = cli::describe_part(options, argc, argv);
  threads::SignalWatch signals;  // from here on, until all is reported
  if (options.verbose) inform(cli::describe(*options.engine, options.threads));
  cli::Reports reports(line.report, report::OutputFile::How::replace);
  const std::unique_ptr<report::Progress> progress = cli::make_progress(line.report);
  Watch watch;
  if (progress)
    watch = [&](const metrics::ProgressSnapshot& snapshot) { progress->show(snapshot); };
  const auto described = [&] {
    return cli::describe_run(report::Run::Kind::source, argc, argv, *options.engine,
                             options.threads);
  };
  if (line.capacity) return find_capacity(line, signals, watch, progress, described(), reports);
  cli::tell_wait(line);
  source::Result result = source::run_source(options, signals, watch);
  if (progress) progress->end();
  if (options.show_counter && result.well) std::puts("");
  std::fflush(stdout);
  // Nothing is reported: to a script it looks as if nobody had caught the signal.
  if (!line.report.wanted() && result.signal != 0) threads::end_by(result.signal);
  if (!line.report.wanted()) return result.well ? EXIT_SUCCESS : EXIT_FAILURE;
  report::Run run = described();
  run.settings = cli::describe_load(options);
  run.measurement = std::move(result.measurement);
  run.parts = std::move(parts);
  report::describe_parts(run);
  reports.deliver(run);
  if (!result.well) return EXIT_FAILURE;
  return run.thresholds_passed() ? EXIT_SUCCESS : kThresholdFailed;
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_main(argv[0], [&] { return pour(argc, argv); });
}
