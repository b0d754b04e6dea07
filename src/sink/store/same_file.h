#pragma once

#include <sys/stat.h>

namespace millrace::sink {

// Whether two names or descriptors are of one file.
inline bool same_file(const struct stat& one, const struct stat& other) {
  return one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

}  // namespace millrace::sink
