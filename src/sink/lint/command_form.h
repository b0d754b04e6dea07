#pragma once

#include <string_view>

#include "sink/lint/session_findings.h"
#include "smtp/extension.h"
#include "smtp/verb.h"

namespace millrace::sink {

// What is to be found of single commands, whatever was said before. In samples a secret is not
// shown.

// A line without its CR LF: its bytes, and how long it is. `sample`: what is shown of it.
void judge_bytes(std::string_view line, std::string_view sample, SessionFindings& findings);
void judge_length(std::string_view line, std::string_view sample, SessionFindings& findings);

// The name in HELO, EHLO or LHLO.
void judge_hello_name(std::string_view name, SessionFindings& findings);

// The path in the arguments of MAIL or RCPT. `utf8`: the transaction is of SMTPUTF8.
void judge_path(smtp::Verb verb, std::string_view arguments, bool utf8, SessionFindings& findings);

// The parameters behind it.
void judge_parameters(std::string_view arguments, smtp::ExtensionSet announced,
                      SessionFindings& findings);
// Whether one of them is BODY=8BITMIME.
bool says_eight_bit(std::string_view arguments);

// HELO, EHLO or LHLO.
constexpr bool says_hello(smtp::Verb verb) {
  return verb == smtp::Verb::helo || verb == smtp::Verb::ehlo || verb == smtp::Verb::lhlo;
}

// Whether a keyword that this server does not know is a command all the same.
bool is_command_elsewhere(std::string_view keyword);

// Whether a command is of an extension that is not among those announced.
bool of_other_extension(smtp::Verb verb, smtp::ExtensionSet announced);

}  // namespace millrace::sink
