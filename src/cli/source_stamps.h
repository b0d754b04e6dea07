#pragma once

#include "cli/command_line.h"
#include "mail/scenario/scenario.h"
#include "source/options.h"

namespace millrace::cli {

struct SourceArguments;

void add_stamp_options(CommandLine& line, SourceArguments& given);

// What stamps are, and what they make of envelopes: to be called before traffic is built. Reads the
// key. Throws Fatal.
void build_stamps(const SourceArguments& given, source::SourceOptions& options);

// Whether sinks' journals tell of arrivals, and how long these are waited for. Throws Fatal where a
// threshold asks for more than is told.
void build_arrivals(const SourceArguments& given, source::SourceOptions& options);

// A stamp in the body would break signatures, and a journal has no numbers for more recipients than
// proof::kMostRecipients. Throws Fatal.
void check_stamps(const SourceArguments& given, const mail::Scenario& scenario);

}  // namespace millrace::cli
