#pragma once

#include <string>
#include <vector>

namespace millrace::cli {

// The files that names on a command line stand for: one with a wildcard is a pattern, unless there
// is such a file.
std::vector<std::string> matching_files(const std::vector<std::string>& names);

}  // namespace millrace::cli
