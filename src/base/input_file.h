#pragma once

#include <string>

#include "base/file_descriptor.h"

namespace millrace {

// Files that the user names, to be read. Both throw Fatal naming the file.
FileDescriptor open_input(const std::string& path);

// All that is in it: of a plain file, or of a pipe until it ends.
std::string read_file(const std::string& path);

}  // namespace millrace
