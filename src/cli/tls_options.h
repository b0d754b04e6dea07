#pragma once

#include <optional>
#include <string>

#include "cli/command_line.h"
#include "sink/options.h"
#include "source/options.h"

namespace millrace::cli {

struct SinkArguments;
struct SourceArguments;

struct TlsVersions {
  int least;  // 12 or 13
  int most;
};

// What both programs are given of TLS.
struct TlsArguments {
  bool starttls = false;
  bool tls = false;  // from the start
  std::optional<TlsVersions> tls_version;
  std::optional<std::string> tls_ciphers;
  std::optional<std::string> tls_groups;
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
};

// The options of smtp-source(1) about TLS, and what they make of its own. The endpoint must be
// there already. Throws Fatal.
void add_tls_options(CommandLine& line, SourceArguments& given);
void build_tls(const SourceArguments& given, source::SourceOptions& options);

// The same for smtp-sink(1). Listeners, all with one host name, must be there already.
void add_tls_options(CommandLine& line, SinkArguments& given);
void build_tls(const SinkArguments& given, sink::SinkOptions& options);

}  // namespace millrace::cli
