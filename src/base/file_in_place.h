#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"

namespace millrace {

// The descriptor of this process that a path stands for, if it does: "-" and /dev/stdout are
// standard output, /dev/fd/N and the like are N.
std::optional<int> own_descriptor(std::string_view path);

// A file that is written where it is.
struct FileInPlace {
  FileDescriptor descriptor;
  bool plain = false;  // else a pipe, a terminal, ...
};

// Opens or creates the file. A plain one that is there keeps its content, and must be of the user
// who runs this and have no other name. No symbolic link is followed, since the file may be root's,
// in a directory that is everybody's. A pipe must be the user's own, and then its reader is waited
// for. Throws Fatal naming the file.
FileInPlace open_in_place(const std::string& path);

}  // namespace millrace
