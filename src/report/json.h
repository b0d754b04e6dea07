#pragma once

#include <string>
#include <string_view>

#include "report/run.h"

namespace millrace::report {

// A run as JSON (RFC 8259), in ASCII whatever servers said, with a line feed at its end. Its schema
// is doc/millrace-run.schema.json, its fields are a table (json_fields.cc).
std::string to_json(const Run& run);

// Reads what to_json() wrote, in any version that has the same major number. `name`: of where it is
// from. Throws Fatal: the name and what is wrong, as "run.json: not JSON: ...".
Run from_json(std::string_view text, const std::string& name);

// The same from a file, which is not held as a whole; "-": standard input. What is beyond the
// bounds (json_bounds.h) is refused before it costs memory or time.
Run read_run(const std::string& path);

}  // namespace millrace::report
