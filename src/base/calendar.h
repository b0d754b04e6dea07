#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// The date of a message header in local time: "Sat, 21 Nov 2026 05:54:41 +0000 (UTC)"
// (RFC 5322, 3.3).
std::string mail_date(std::time_t time);

// A second in UTC, without its zone: "2026-11-21T05:54:41" (RFC 3339, 5.6).
std::string utc_seconds(std::time_t time);

// A moment in UTC, to a microsecond where there is more than whole seconds (RFC 3339, 5.6):
// "2026-11-21T05:54:41Z", "2026-11-21T05:54:41.250000Z"; and such a text read, with any number of
// digits behind the point. Nothing when it is none, has another offset than Z, or is beyond what
// the clock can have (from 1677 to 2262).
std::string utc_text(std::chrono::system_clock::time_point moment);
std::optional<std::chrono::system_clock::time_point> utc_time(std::string_view text);

// Expands a strftime(3) format in local time.
std::string format_local_time(const std::string& format, std::time_t time);

}  // namespace millrace
