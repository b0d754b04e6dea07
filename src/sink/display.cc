#include "sink/display.h"

#include "sasl/mechanisms.h"
#include "smtp/keyword.h"

namespace millrace::sink {

std::string shown_arguments(smtp::Verb verb, std::string_view arguments) {
  if (verb != smtp::Verb::auth) return std::string(arguments);
  std::string_view rest = arguments;
  const std::string_view word = smtp::take_word(rest);
  // A word that is no mechanism may be a password in the wrong place.
  const std::string_view mechanism = smtp::find_listed(word, sasl::kMechanisms);
  if (mechanism.empty()) return word.empty() ? std::string() : std::string(kAuthentication);
  std::string shown(mechanism);
  if (!smtp::take_word(rest).empty()) shown.append(" ").append(kAuthentication);
  return shown;
}

std::string shown_command(std::string_view line) {
  const smtp::Command command = smtp::parse_command(line);
  if (smtp::find_verb(command.keyword) != smtp::Verb::auth) return std::string(line);
  return std::string(command.keyword)
      .append(" ")
      .append(shown_arguments(smtp::Verb::auth, command.arguments));
}

}  // namespace millrace::sink
