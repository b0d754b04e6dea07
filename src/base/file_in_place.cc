#include "base/file_in_place.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/diagnostics.h"
#include "base/number.h"

namespace millrace {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw Fatal(describe_error("create " + path, error));
}

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
  if (!opened.valid()) fail(path, error);
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

// What is made here is the user's own, whatever the file system says of it.
FileDescriptor open_own(const std::string& path, int flags, mode_t mode) {
  flags |= O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;
  FileDescriptor made(open(path.c_str(), flags | O_CREAT | O_EXCL, mode));
  if (made.valid()) return made;
  if (errno != EEXIST) fail(path, errno);
  FileDescriptor file(open(path.c_str(), flags));
  if (!file.valid() && errno == ENXIO) return file;
  if (!file.valid() && errno == ELOOP) {
    throw Fatal("create " + path + ": symbolic links are not followed");
  }
  if (!file.valid()) fail(path, errno);
  struct stat status {};
  if (fstat(file.descriptor(), &status) != 0) fail(path, errno);
  if (!S_ISREG(status.st_mode) || (status.st_uid == geteuid() && status.st_nlink == 1)) return file;
  throw Fatal("create " + path + ": there is a file of " +
              (status.st_nlink > 1 ? "several names" : "another user") +
              ", which is not written over");
}

// A pipe that somebody else put there, without a reader, would wait for one.
FileInPlace open_in_place(const std::string& path) {
  FileInPlace file{.descriptor = open_own(path, 0, 0666)};
  if (!file.descriptor.valid()) file.descriptor = await_reader(path);
  if (!file.descriptor.valid()) fail(path, errno);
  if (fcntl(file.descriptor.descriptor(), F_SETFL, 0) != 0) fail(path, errno);
  struct stat status {};
  file.plain = !is_own_pipe(file.descriptor, path) &&
               fstat(file.descriptor.descriptor(), &status) == 0 && S_ISREG(status.st_mode);
  return file;
}

}  // namespace millrace
