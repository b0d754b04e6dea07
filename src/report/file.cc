#include "report/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <random>
#include <utility>

#include "base/diagnostics.h"
#include "base/file_in_place.h"

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
    FileInPlace file = open_in_place(path_);
    descriptor_ = file.descriptor.release();
    cut_ = file.plain;
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

// Returns an errno value, or 0.
int OutputFile::put(std::string_view text) {
  if (cut_ && !std::exchange(begun_, true) && ftruncate(descriptor_, 0) != 0) return errno;
  const int error = write_all(descriptor_, text);
  // Half a report is worse than none.
  if (error != 0 && cut_ && ftruncate(descriptor_, 0) != 0) return errno;
  return error;
}

void OutputFile::append(std::string_view part) {
  if (const int error = put(part); error != 0) fail("write", error);
}

void OutputFile::write(std::string_view text) {
  int error = put(text);
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
