#pragma once

#include <string>
#include <string_view>

#include "smtp/verb.h"

namespace millrace::sink {

// What stands for a password where the dialogue is shown or logged, as in the source.
inline constexpr std::string_view kAuthentication = "(authentication)";

// The arguments of a command as they may be shown: those of AUTH end after the mechanism.
std::string shown_arguments(smtp::Verb verb, std::string_view arguments);

// The same for a command line, known or not.
std::string shown_command(std::string_view line);

}  // namespace millrace::sink
