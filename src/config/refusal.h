#pragma once

#include <string>
#include <vector>

namespace millrace::config {

// Tells the mistakes of a file, a line each, as compilers have it, so that editors find the place;
// then throws Fatal "N mistakes in PATH".
[[noreturn]] void refuse(const std::string& path, const std::vector<std::string>& mistakes);

}  // namespace millrace::config
