#pragma once

#include <cstdint>
#include <optional>

#include "cli/command_line.h"
#include "sink/options.h"

namespace millrace::cli {

// What is said of the extensions, before it is put together.
struct OfferDraft {
  bool modern = false;
  bool authenticate = false;
  bool refuses = false;                     // -f or -r was given
  bool limits = false;                      // one that LIMITS announces was given
  std::optional<std::uint64_t> dump_limit;  // bytes
  smtp::ExtensionSet offered;               // besides Postfix's
  smtp::ExtensionSet withheld;              // whoever asks for it
};

// The options of smtp-sink(1) about service extensions and limits. All must outlive the parsing.
void add_extension_options(CommandLine& line, sink::SinkOptions& options, OfferDraft& draft);

// Completes what is offered once all options are read. Throws Fatal.
void complete_offer(sink::SinkOptions& options, const OfferDraft& draft);

}  // namespace millrace::cli
