#include <cstdlib>

#include "base/diagnostics.h"
#include "cli/command_line.h"
#include "cli/sink_command_line.h"
#include "sink/sink.h"

int main(int argc, char** argv) {
  using namespace millrace;
  return cli::run_main(argv[0], [&] {
    const sink::SinkOptions options = cli::parse_sink_command_line(argc, argv);
    if (options.verbose) inform(cli::describe(options.engine, options.threads));
    sink::run_sink(options);
    return EXIT_SUCCESS;
  });
}
