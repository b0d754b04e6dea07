#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace millrace::sink {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

// "2026-11-26T17:53:19.123456Z" (RFC 3339).
std::string wall_text(WallTime time);
WallTime wall_now();
// What it says; nothing: it is no such time. Fractions of a second may be left out.
std::optional<WallTime> parse_wall(std::string_view text);

// A text of others: as it is, or {"base64": ...} where it is no UTF-8.
nlohmann::json text_json(std::string_view text);

// A value as the body of a response.
http::Response json_response(const nlohmann::json& value);

}  // namespace millrace::sink
