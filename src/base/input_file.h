#pragma once

#include <string>

#include "base/file_descriptor.h"

namespace millrace {

// Files that the user names, to be read. Both throw Fatal naming the file.
FileDescriptor open_input(const std::string& path);

// All that is in it: of a plain file, or of a pipe until it ends.
std::string read_file(const std::string& path);

// The first line of a file, without its end; reads no further, so that a terminal or a pipe may go
// on. Throws Fatal, also where it has more than 64 KiB.
std::string read_first_line(const std::string& path);

}  // namespace millrace
