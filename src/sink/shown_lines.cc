#include "sink/shown_lines.h"

#include "sink/display.h"
#include "sink/lint/command_form.h"
#include "sink/lint/session_findings.h"

namespace millrace::sink {

bool is_command(const smtp::Command& command) {
  const auto verb = smtp::find_verb(command.keyword);
  if (!verb) return is_command_elsewhere(command.keyword);
  return *verb != smtp::Verb::connect && *verb != smtp::Verb::end_of_data;
}

std::string_view up_to_auth(std::string_view keyword) {
  const std::size_t length = smtp::keyword(smtp::Verb::auth).size();
  for (std::size_t at = 0; at + length <= keyword.size(); ++at) {
    if (smtp::find_verb(keyword.substr(at, length)) == smtp::Verb::auth) {
      return keyword.substr(0, at + length);
    }
  }
  return {};
}

std::string ShownLines::show(std::string_view line) {
  if (is_command(smtp::parse_command(first_line(line)))) behind_auth_ = false;
  std::string shown;
  for (;;) {
    const std::string_view part = first_line(line);
    const bool secret = behind_auth_ && !smtp::parse_command(part).keyword.empty();
    shown.append(secret ? std::string(kAuthentication) : shown_command(part));
    if (!up_to_auth(smtp::parse_command(part).keyword).empty()) behind_auth_ = true;
    if (part.size() == line.size()) return shown;
    shown += line[part.size()];
    line.remove_prefix(part.size() + 1);
  }
}

}  // namespace millrace::sink
