#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "report/run.h"

namespace millrace::report {

using Json = nlohmann::ordered_json;
struct Reading;

// The schema of what is written, doc/millrace-run.schema.json: "millrace-run/1.6". The minor
// version grows when members are added, whose rows (json_fields.cc) then say so; the major one when
// what was there is no longer, or means something else. (Version 1.0 called itself
// "millrace-run/1".)
inline constexpr std::string_view kSchemaName = "millrace-run";
inline constexpr std::uint64_t kSchemaMajor = 1;
inline constexpr std::uint64_t kSchemaMinor = 6;

// A run without the rows of its series, and such a row.
Json written(const Run& run);
Json written(const metrics::Row& row);
void read(const Json& json, Run& run, Reading& reading);
void read(const Json& json, metrics::Row& row, Reading& reading);

}  // namespace millrace::report
