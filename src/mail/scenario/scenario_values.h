#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/toml_file.h"
#include "mail/scenario/scenario.h"

// The values of a scenario's keys. Each gives nothing where a value is none, which is a mistake.
namespace millrace::mail {

// What reads a text (mail/scenario/scenario_texts.h).
template <typename Value>
using ReadText = std::optional<Value> (*)(std::string_view text, std::string& why);

std::optional<Distribution> read_distribution(const config::Entry& entry,
                                              ReadText<Distribution> read);

// A distribution, or a table of distributions with their weights; empty when it is neither.
Mixture read_mixture(const config::Entry& entry, ReadText<Distribution> read);

// What `read` makes of a text, or a table of patterns with weights.
std::optional<AddressOrigin> read_origin(const config::Entry& entry, AddressPart part,
                                         ReadText<AddressOrigin> read);

std::optional<double> read_share(const config::Entry& entry);
std::optional<double> read_weight(const config::Entry& entry);
std::optional<FilePath> read_path(const config::Entry& entry);

}  // namespace millrace::mail
