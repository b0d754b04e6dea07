#pragma once

#include <string>
#include <vector>

namespace millrace::config {

// Tells the mistakes of a file, a line each, as compilers have it, so that editors find the place.
// They are as printable as base/printable.h has it for UTF-8, which files that people write are in,
// whatever the locale is.
void tell(const std::vector<std::string>& mistakes);

// The same, and then throws Fatal "N mistakes in WHERE": a path, or what several files are.
[[noreturn]] void refuse(const std::string& where, const std::vector<std::string>& mistakes);

}  // namespace millrace::config
