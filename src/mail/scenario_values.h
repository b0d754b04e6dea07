#pragma once

#include <optional>
#include <string>

#include "base/distribution.h"
#include "config/toml_file.h"
#include "mail/scenario.h"

// The values of a scenario's keys. Each gives nothing where a value is none, which is a mistake.
namespace millrace::mail {

// Numbers of what are drawn.
struct Drawn {
  Measure measure;
  bool from_one = false;  // whole numbers, at least 1
};
Drawn drawn_sizes();
Drawn drawn_recipients();
Drawn drawn_messages();
Drawn drawn_times();

std::optional<Distribution> read_distribution(const config::Entry& entry, const Drawn& drawn);

// A distribution, or a table of distributions with their weights; empty when it is neither.
Mixture read_mixture(const config::Entry& entry, const Drawn& drawn);

// A file or a pattern, as AddressSource::of_text takes a text, or a table of patterns with weights.
std::optional<AddressOrigin> read_origin(const config::Entry& entry, AddressPart part);

std::optional<double> read_share(const config::Entry& entry);
std::optional<double> read_weight(const config::Entry& entry);
std::optional<FilePath> read_path(const config::Entry& entry);

// A text that cannot be used: "bad KEY: WHY", at the place of its value.
void reject_for(const config::Entry& entry, std::string_view why);

}  // namespace millrace::mail
