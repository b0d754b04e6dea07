#pragma once

#include <ctime>
#include <string>

namespace millrace {

// The date of a message header in local time: "Sat, 21 Nov 2026 05:54:41 +0000 (UTC)"
// (RFC 5322, 3.3).
std::string mail_date(std::time_t time);

// Expands a strftime(3) format in local time.
std::string format_local_time(const std::string& format, std::time_t time);

}  // namespace millrace
