#pragma once

#include <optional>

#include "sink/options.h"

namespace millrace::cli {

class CommandLine;
struct SinkArguments;

// --http, --http-token-file.
void add_http_options(CommandLine& line, SinkArguments& given);

// Where the sink may be asked, if it may. Reads the file with the token. Throws Fatal, also where
// others than this host could ask without one.
std::optional<sink::HttpOptions> build_http(const SinkArguments& given);

}  // namespace millrace::cli
