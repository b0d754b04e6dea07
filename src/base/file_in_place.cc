#include "base/file_in_place.h"

#include <limits.h>
#include <unistd.h>

#include <cerrno>

#include "base/diagnostics.h"
#include "base/number.h"

namespace millrace {
namespace {

// Whether it is a pipe. Throws Fatal when it is another user's.
bool is_own_pipe(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (fstat(file.descriptor(), &status) != 0 || !S_ISFIFO(status.st_mode)) return false;
  if (status.st_uid == geteuid()) return true;
  throw Fatal("create " + path + ": there is a pipe of another user, which is not written to");
}

// What is at the path is a pipe that nobody reads yet. As the user's own it is waited for; held by
// a descriptor, so that nothing else takes its place meanwhile. Invalid: errno says why.
FileDescriptor await_reader(const std::string& path) {
  const FileDescriptor pipe(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!pipe.valid()) return {};
  if (!is_own_pipe(pipe, path)) {
    errno = ENXIO;
    return {};
  }
  const std::string held = "/proc/self/fd/" + std::to_string(pipe.descriptor());
  FileDescriptor opened(open(held.c_str(), O_WRONLY | O_CLOEXEC));
  const int error = errno;  // as closing may change it
  if (!opened.valid()) fail_in_place(path, error);
  return opened;
}

}  // namespace

std::optional<int> own_descriptor(std::string_view path) {
  if (path == "-" || path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const auto number = whole_number(path.substr(folder.size()), 0, INT_MAX);
    if (number) return static_cast<int>(*number);
  }
  return std::nullopt;
}

void fail_in_place(const std::string& path, int error) {
  if (error == ELOOP) throw Fatal("create " + path + ": symbolic links are not followed");
  throw Fatal(describe_error("create " + path, error));
}

void check_own(const struct stat& status, const std::string& path) {
  if (status.st_uid == geteuid() && status.st_nlink == 1) return;
  throw Fatal("create " + path + ": there is a file of " +
              (status.st_nlink > 1 ? "several names" : "another user") +
              ", which is not written over");
}

// A pipe that somebody else put there, without a reader, would wait for one.
FileInPlace open_in_place(const std::string& path) {
  FileInPlace file{.descriptor = FileDescriptor(open(path.c_str(), kOpenInPlace, 0666))};
  if (!file.descriptor.valid() && errno == ENXIO) file.descriptor = await_reader(path);
  if (!file.descriptor.valid()) fail_in_place(path, errno);
  if (fcntl(file.descriptor.descriptor(), F_SETFL, 0) != 0) fail_in_place(path, errno);
  struct stat status {};
  if (is_own_pipe(file.descriptor, path) || fstat(file.descriptor.descriptor(), &status) != 0 ||
      !S_ISREG(status.st_mode)) {
    return file;
  }
  check_own(status, path);
  file.plain = true;
  return file;
}

}  // namespace millrace
