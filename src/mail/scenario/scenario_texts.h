#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/distribution.h"
#include "mail/scenario/scenario.h"

// What a scenario says in one text, and options say the same way. Nothing when a text does not say
// it, and `why` says what is wrong, to be put behind a colon.
namespace millrace::mail {

std::optional<Distribution> message_sizes(std::string_view text, std::string& why);
// Whole numbers, at least 1.
std::optional<Distribution> recipient_counts(std::string_view text, std::string& why);
std::optional<Distribution> message_counts(std::string_view text, std::string& why);
std::optional<Distribution> think_times(std::string_view text, std::string& why);

// A file, or a pattern, as AddressSource::of_text tells them apart. Domains are a list of patterns,
// each with a weight if need be: "big.test=45,tail{1-2000}.test=15".
std::optional<AddressOrigin> mailboxes(std::string_view text, std::string& why);
std::optional<AddressOrigin> domains(std::string_view text, std::string& why);
std::optional<AddressOrigin> local_parts(std::string_view text, std::string& why);
std::optional<std::string> pattern_of(AddressPart part, std::string_view text, std::string& why);

std::optional<FilePath> file_path(std::string_view text, std::string& why);

// A number from 0 on.
std::optional<double> weight(std::string_view text, std::string& why);

// Whether this can be a line more of a header section: "Name: text" (RFC 5322, 2.1.1, 2.2), without
// its end, and of no field that messages have anyway. It may be more than ASCII.
bool is_header_line(std::string_view text);

}  // namespace millrace::mail
