#include <cstdio>
#include <cstdlib>

#include "base/diagnostics.h"
#include "cli/command_line.h"
#include "cli/source_command_line.h"
#include "source/source.h"

int main(int argc, char** argv) {
  using namespace millrace;
  return cli::run_main(argv[0], [&] {
    const source::SourceOptions options = cli::parse_source_command_line(argc, argv);
    if (options.verbose) inform(cli::describe(options.engine, options.threads));
    const bool well = source::run_source(options);
    if (options.show_counter && well) std::puts("");
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
  });
}
