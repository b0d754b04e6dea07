#pragma once

#include <string>
#include <string_view>

namespace millrace::report {

// All of a file; "-" is standard input. Throws Fatal naming it.
std::string read_file(const std::string& path);

// Writes a file as a whole: under another name first, so that nobody finds half of it; "-" is
// standard output. Throws Fatal naming it.
void write_file(const std::string& path, std::string_view text);

}  // namespace millrace::report
