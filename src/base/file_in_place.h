#pragma once

#include <fcntl.h>
#include <sys/stat.h>

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

// Of a file that is opened or created to be written, and may be root's, in a directory that is
// everybody's: no symbolic link is followed, and nothing that is there holds up the start.
inline constexpr int kOpenInPlace =
    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;

// Says why it could not be opened so: `error` as open(2) has it.
[[noreturn]] void fail_in_place(const std::string& path, int error);

// Throws Fatal naming the file, unless a plain one is of the user who runs this and has no other
// name.
void check_own(const struct stat& status, const std::string& path);

// Opens or creates the file. A plain one that is there keeps its content, and must be the user's
// own (check_own). So must a pipe, whose reader is waited for. Throws Fatal naming the file.
FileInPlace open_in_place(const std::string& path);

}  // namespace millrace
