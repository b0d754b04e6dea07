#include "cli/other_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/number.h"
#include "base/printable.h"
#include "base/quantity.h"

namespace millrace::cli {
namespace {

enum class Value : std::uint8_t { count, time, text, none };

// One spelling of another tool. Without a value of its form behind it, it is what it is here.
struct Spelling {
  std::string_view option;
  Value value;
  std::string_view here;  // what the option is here; empty: nothing
  std::string_view ours;  // "{}": the value
  bool possible = false;  // it may have been meant as it is here: only a warning
};

constexpr Spelling kSpellings[] = {
    {"-d", Value::time, "keeps the session for the next message", "a run of {0}: --duration {0}"},
    {"-z", Value::time, "", "a run of {0}: --duration {0}"},
    {"-duration", Value::text, "", "a run of {0}: --duration {0}"},
    {"-c", Value::count, "shows a running counter", "{0} sessions at once: -s {0}"},
    {"-u", Value::count, "", "{0} sessions at once: -s {0}"},
    {"--vus", Value::text, "", "{0} sessions at once: -s {0}"},
    {"-connections", Value::text, "", "{0} sessions at once: -s {0}"},
    {"-n", Value::count, "", "{0} messages: -m {0}"},
    {"-i", Value::count, "", "{0} messages: -m {0}"},
    {"--iterations", Value::text, "", "{0} messages: -m {0}"},
    {"-q", Value::count, "", "{0} messages a second: --rate {0}/s"},
    {"-rate", Value::text, "", "so many messages a second: --rate {0}"},
    {"-R", Value::count, "waits a random time of up to {0} s between messages",
     "{0} messages a second: --rate {0}/s", true},
    {"-t", Value::count, "names the recipient {0}", "{0} threads: --threads {0}", true},
    {"-tls", Value::none, "", "STARTTLS: --starttls"},
    {"-tlsc", Value::none, "", "TLS from the start: --tls-on-connect"},
    {"-a", Value::none, "", "authentication: --auth MECHANISM"},
    {"-au", Value::text, "", "the user {0}: --auth-user {0}"},
    {"-ap", Value::text, "", "a password: --auth-password-file FILE"},
    {"-p", Value::count, "", "port {0}: HOST:{0}"},
};

// A random pause of less than that is likely meant as one, and Postfix's scripts have it.
constexpr std::uint64_t kLeastLikelyRate = 100;

bool fits(const Spelling& spelling, std::string_view value) {
  switch (spelling.value) {
    case Value::count:
      return whole_number(value, spelling.option == "-R" ? kLeastLikelyRate : 1).has_value();
    case Value::time:
      return duration(value).has_value();
    case Value::text:
      return !value.empty() && value.front() != '-';
    case Value::none:
      return value.empty();
  }
  return false;
}

// The value that `arguments[place]` gives the option, if it is that option: attached (behind a
// letter, or behind "=") or the next argument.
std::optional<std::string_view> value_of(const Spelling& spelling,
                                         const std::vector<std::string>& arguments,
                                         std::size_t place) {
  std::string_view argument = arguments[place];
  if (!argument.starts_with(spelling.option)) return std::nullopt;
  argument.remove_prefix(spelling.option.size());
  const bool word = spelling.option.size() > 2;
  if (argument.empty()) {
    if (spelling.value == Value::none) return argument;
    if (place + 1 == arguments.size()) return std::nullopt;
    return arguments[place + 1];
  }
  if (!word) return argument;
  if (argument.front() != '=') return std::nullopt;
  return argument.substr(1);
}

std::string sentence(const Spelling& spelling, std::string_view given) {
  const std::string value = beginning(given);
  std::string text(spelling.option);
  if (spelling.here.empty()) {
    text += " is no option here";
  } else {
    text += ' ';
    text += fmt::format(fmt::runtime(spelling.here), value);
    if (!spelling.possible) text += " and takes no value";
  }
  text += "; for ";
  text += fmt::format(fmt::runtime(spelling.ours), value);
  return text;
}

}  // namespace

OtherTools look_for_other_tools(const std::vector<std::string>& arguments) {
  OtherTools found;
  for (std::size_t place = 0; place < arguments.size(); ++place) {
    if (arguments[place] == "--") break;
    for (const Spelling& spelling : kSpellings) {
      const auto value = value_of(spelling, arguments, place);
      if (!value || !fits(spelling, *value)) continue;
      if (spelling.possible) {
        found.warnings.push_back(sentence(spelling, *value));
      } else if (found.error.empty()) {
        found.error = sentence(spelling, *value);
      }
    }
  }
  return found;
}

}  // namespace millrace::cli
