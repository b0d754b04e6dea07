#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "metrics/timeline.h"

namespace millrace::fleet {

// A second of a run as a letter has it.
std::string to_text(const metrics::Second& second);

// What to_text() made; nothing of any other text.
std::optional<metrics::Second> second_of(std::string_view text);

}  // namespace millrace::fleet
