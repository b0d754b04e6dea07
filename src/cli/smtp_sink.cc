#include <cstdlib>
#include <utility>

#include "base/diagnostics.h"
#include "cli/command_line.h"
#include "cli/network_options.h"
#include "cli/report_options.h"
#include "cli/sink_command_line.h"
#include "sink/rule_book.h"
#include "sink/sink.h"
#include "threads/signal_watch.h"

namespace {

using namespace millrace;

int take(int argc, char** argv) {
  const cli::SinkCommandLine line = cli::parse_sink_command_line(argc, argv);
  const sink::SinkOptions& options = line.sink;
  if (line.check_rules) return sink::check_rules(options.rule_files) ? EXIT_SUCCESS : EXIT_FAILURE;
  threads::block_ending_signals();  // from here on they wait for those who take them
  if (!options.rule_files.empty()) threads::block_hangup();
  threads::SignalWatch signals;  // from here on, until all is reported
  if (options.verbose) inform(cli::describe(*options.engine, options.threads));
  const sink::Identity identity = sink::find_identity(options.user);
  using How = report::OutputFile::How;
  cli::Reports reports(line.report, identity.gives_up_rights() ? How::in_place : How::replace);
  report::Run run = cli::describe_sink(options, argc, argv);
  sink::SinkResult result = sink::run_sink(options, identity, signals);
  run.measurement = std::move(result.measurement);
  if (line.report.wanted()) reports.deliver(run);
  return result.journal_whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_main(argv[0], [&] { return take(argc, argv); });
}
