#include "base/diagnostics.h"

#include <unistd.h>

#include <system_error>
#include <utility>

#include "base/printable.h"

namespace millrace {
namespace {

std::string& program_name() {
  static std::string name = "millrace";
  return name;
}

std::function<void(std::string_view)>& writer_of_messages() {
  static std::function<void(std::string_view)> writer;
  return writer;
}

void say(std::string_view level, std::string_view text) {
  const std::string line = program_name() + ": " + std::string(level) + printable(text) + "\n";
  if (const auto& writer = writer_of_messages()) return writer(line);
  // A standard error that is closed leaves nobody to tell.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void set_program_name(std::string_view name) { program_name() = name.substr(name.rfind('/') + 1); }

void divert_messages(std::function<void(std::string_view line)> writer) {
  writer_of_messages() = std::move(writer);
}

void warn(std::string_view text) { say("warning: ", text); }
void report_fatal(std::string_view text) { say("fatal: ", text); }
void inform(std::string_view text) { say("", text); }

std::string describe_error(std::string_view text, int error_number) {
  return std::string(text) + ": " + std::generic_category().message(error_number);
}

}  // namespace millrace
