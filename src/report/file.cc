#include "report/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <random>
#include <utility>

#include "base/diagnostics.h"
#include "base/number.h"

namespace millrace::report {
namespace {

// Returns an errno value, or 0.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

constexpr std::size_t kLongestName = 100;  // of the file, in the name it has until it is complete

// Whether it is a pipe. Throws Fatal when it is another user's, having closed it.
bool is_own_pipe(int descriptor, const std::string& path) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISFIFO(status.st_mode)) return false;
  if (status.st_uid == geteuid()) return true;
  close(descriptor);
  throw Fatal("create " + path + ": there is a pipe of another user, which is not written to");
}

// The descriptor of this process that `path` stands for, if it does.
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

// Whether a rename can put a plain file in the place of what is at `path`.
bool replaceable(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return true;
  return S_ISREG(status.st_mode) || S_ISLNK(status.st_mode);
}

// A name beside `name` that nobody has or can foresee, and that tells whose it is.
std::string own_name(std::string_view name) {
  static std::random_device random;
  utsname system{};
  uname(&system);
  return fmt::format("{}.{}.{}.{:08x}{:08x}.part", name.substr(0, kLongestName), system.nodename,
                     getpid(), random(), random());
}

}  // namespace

OutputFile::OutputFile(std::string path, How how) : path_(std::move(path)) {
  if (const std::optional<int> own = own_descriptor(path_)) {
    descriptor_ = fcntl(*own, F_DUPFD_CLOEXEC, 0);
    if (descriptor_ < 0) fail("open", errno);
  } else if (how == How::replace && replaceable(path_)) {
    open_own_name();
  } else {
    open_in_place();
  }
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlinkat(directory_, temporary_.c_str(), 0);
  if (directory_ >= 0) close(directory_);
}

// The directory stays at hand: the program may change its root before the file is complete.
void OutputFile::open_own_name() {
  const std::size_t name = path_.rfind('/') + 1;
  const std::string directory = name == 0 ? "." : path_.substr(0, name);
  directory_ = open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory_ < 0) fail("create", errno);
  temporary_ = own_name(std::string_view(path_).substr(name));
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  descriptor_ = openat(directory_, temporary_.c_str(), kFlags, 0666);
  if (descriptor_ < 0) {
    const int error = errno;
    close(directory_);
    fail("create", error);
  }
}

// What somebody else put there must not hold up the start: a pipe without a reader would.
void OutputFile::open_in_place() {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
  descriptor_ = open(path_.c_str(), kFlags | O_NONBLOCK, 0666);
  if (descriptor_ < 0 && errno == ENXIO) descriptor_ = await_reader();
  if (descriptor_ < 0 && errno == ELOOP) {
    throw Fatal("create " + path_ + ": symbolic links are not followed");
  }
  if (descriptor_ < 0) fail("create", errno);
  if (fcntl(descriptor_, F_SETFL, 0) != 0) fail("create", errno);
  struct stat status {};
  if (is_own_pipe(descriptor_, path_) || fstat(descriptor_, &status) != 0 ||
      !S_ISREG(status.st_mode)) {
    return;
  }
  cut_ = true;
  if (status.st_uid == geteuid() && status.st_nlink == 1) return;
  close(descriptor_);
  throw Fatal("create " + path_ + ": there is a file of " +
              (status.st_nlink > 1 ? "several names" : "another user") +
              ", which is not written over");
}

// What is at the path is a pipe that nobody reads yet. As the user's own it is waited for; held by
// a descriptor, so that nothing else takes its place meanwhile. Less than 0: errno says why.
int OutputFile::await_reader() const {
  const int pipe = open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (pipe < 0) return -1;
  int opened = -1;
  errno = ENXIO;
  if (is_own_pipe(pipe, path_)) {
    opened = open(fmt::format("/proc/self/fd/{}", pipe).c_str(), O_WRONLY | O_CLOEXEC);
  }
  const int error = errno;
  close(pipe);
  errno = error;
  return opened;
}

void OutputFile::write(std::string_view text) {
  if (cut_ && ftruncate(descriptor_, 0) != 0) fail("write", errno);
  int error = write_all(descriptor_, text);
  // Half a report is worse than none.
  if (error != 0 && cut_ && ftruncate(descriptor_, 0) != 0) error = errno;
  // On a file system of another host some errors are known only now.
  if (close(std::exchange(descriptor_, -1)) != 0 && error == 0) error = errno;
  if (error != 0) fail("write", error);
  if (temporary_.empty()) return;
  const std::string name = path_.substr(path_.rfind('/') + 1);
  if (renameat(directory_, temporary_.c_str(), directory_, name.c_str()) != 0) {
    fail("create", errno);
  }
  temporary_.clear();
}

void OutputFile::fail(std::string_view doing, int error) const {
  const std::string what = path_ == "-" ? "standard output" : path_;
  throw Fatal(describe_error(std::string(doing).append(" ").append(what), error));
}

void write_file(const std::string& path, std::string_view text) {
  OutputFile(path, OutputFile::How::replace).write(text);
}

}  // namespace millrace::report
