#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/file_descriptor.h"

namespace millrace::sink {

// The folder that a path leads to the last name in.
inline std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// Has the names in a folder on the disk. Returns 0 or an errno value.
inline int sync_directory(const std::string& directory) {
  const FileDescriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.valid() && fsync(opened.descriptor()) == 0 ? 0 : errno;
}

inline int sync_directory_of(const std::string& path) { return sync_directory(directory_of(path)); }

}  // namespace millrace::sink
