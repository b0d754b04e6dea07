#pragma once

#include <optional>

#include "cli/command_line.h"
#include "sink/options.h"
#include "source/options.h"

namespace millrace::cli {

// What is said of TLS on the source's command line, before it is checked as a whole.
struct ClientTlsDraft {
  net::TlsClientOptions options;
  bool from_start = false;
};

void add_tls_options(CommandLine& line, ClientTlsDraft& draft, smtp::ClientPlan& plan);
// Throws Fatal.
void complete_tls(source::SourceOptions& options, const ClientTlsDraft& draft);

// The same for the sink.
struct ServerTlsDraft {
  net::TlsServerOptions options;
  std::optional<net::TlsServerOptions::KeyType> key_type;
  bool from_start = false;
};

void add_tls_options(CommandLine& line, ServerTlsDraft& draft, smtp::ExtensionSet& offered);
void complete_tls(sink::SinkOptions& options, const ServerTlsDraft& draft);

}  // namespace millrace::cli
