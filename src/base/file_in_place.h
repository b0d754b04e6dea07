#pragma once

#include <sys/types.h>

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

// Opens or creates a file that is to be written and may be root's, in a directory that is
// everybody's: no symbolic link is followed, and nothing that is there holds up the start. A plain
// file that was there must be of the user who runs this and have no other name. `flags`: of open(2)
// besides. Invalid where there is a pipe that nobody reads. Throws Fatal naming the file.
FileDescriptor open_own(const std::string& path, int flags, mode_t mode);

// Opens or creates the file. A plain one that is there keeps its content, and must be the user's
// own (open_own). So must a pipe, whose reader is waited for. Throws Fatal naming the file.
FileInPlace open_in_place(const std::string& path);

}  // namespace millrace
