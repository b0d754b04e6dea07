#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "cli/command_line.h"
#include "report/parts.h"
#include "source/options.h"

namespace millrace::cli {

struct SourceArguments;
struct Surroundings;

// What --part is given: the part, counted from 0, and of how many. What is missing is said by
// whatever started this process.
struct PartValue {
  std::optional<unsigned> number;
  std::optional<unsigned> of;
};

// What --start-at is given: a moment, or the time that it is away at least, of which it is a
// multiple.
using StartValue = std::variant<std::chrono::system_clock::time_point, std::chrono::seconds>;

// The options of smtp-source(1) about parts of one run.
void add_part_options(CommandLine& line, SourceArguments& given);

// The part that is meant. `variable`: the value of one of the environment, or null. Throws Fatal
// where that does not tell.
source::Part part_of(const PartValue& value,
                     const std::function<const char*(const char* name)>& variable);

// When it is to start, if that is asked for. Throws Fatal when that is over.
std::optional<std::chrono::system_clock::time_point> start_of(const SourceArguments& given,
                                                              const Surroundings& here);

// What is to be told of a start that is waited for; empty when it is less than a second away.
std::string waiting_text(std::chrono::system_clock::time_point start,
                         std::chrono::system_clock::time_point now);

// What messages have of the run that they are of: of all parts the same, and where they differ and
// --seed is given the same each time.
Surroundings of_whole_run(const SourceArguments& given, const Surroundings& here);

// Throws Fatal when the run, all of whose other options are there, is too small for its parts.
// `is_rank`: that is what they are called.
void check_part(const source::SourceOptions& options, bool is_rank);

// What a report has to say of the part that this line asks for; nothing where it is the whole run.
// It reads files that are named.
std::optional<report::Parts> describe_part(const source::SourceOptions& options, int argc,
                                           const char* const* argv);

}  // namespace millrace::cli
