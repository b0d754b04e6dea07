#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace {

// What ends the program: the sentence that the user reads after "smtp-sink: fatal: ".
class Fatal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The name that starts each message (argv[0] without its folders). Set once, at start.
void set_program_name(std::string_view name);

// One line on standard error, "smtp-sink: warning: <text>", in a single write so that lines
// of several threads never mix. What does not print is escaped (base/printable.h).
void warn(std::string_view text);

// The same with "fatal: "; the caller ends the program.
void report_fatal(std::string_view text);

// The same without a level: what the user asked to be told (-v) or should know.
void inform(std::string_view text);

// Has each of these lines written by `writer`, on whichever thread it is said, instead of to
// standard error; empty: no more. For whoever draws there. Not while other threads may speak.
void divert_messages(std::function<void(std::string_view line)> writer);

// "text: Connection refused" for an errno value.
std::string describe_error(std::string_view text, int error_number);

}  // namespace millrace
