#include "report/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/diagnostics.h"

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

[[noreturn]] void fail(std::string_view doing, const std::string& path, int error) {
  throw Fatal(describe_error(std::string(doing).append(path), error));
}

// Anything but a plain file (a terminal, a pipe, /dev/null) cannot be replaced by a rename.
bool replaceable(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
}

}  // namespace

std::string read_file(const std::string& path) {
  const int file = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("open ", path, errno);
  std::string text;
  std::array<char, 65'536> buffer{};
  ssize_t got = 0;
  do {
    got = read(file, buffer.data(), buffer.size());
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  } while (got > 0 || (got < 0 && errno == EINTR));
  const int error = errno;
  if (path != "-") close(file);
  if (got < 0) fail("read ", path, error);
  return text;
}

OutputFile::OutputFile(std::string path, How how)
    : path_(std::move(path)), descriptor_(STDOUT_FILENO) {
  if (path_ == "-") return;
  const bool rename_it = how == How::replace && replaceable(path_);
  if (rename_it) temporary_ = fmt::format("{}.{}.part", path_, getpid());
  const std::string& name = rename_it ? temporary_ : path_;
  const int truncate = rename_it ? O_TRUNC : 0;
  descriptor_ = open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | truncate, 0666);
  if (descriptor_ < 0) fail("create ", path_, errno);
}

OutputFile::~OutputFile() {
  if (path_ != "-") close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void OutputFile::write(std::string_view text) {
  // What was there before goes only now; a pipe or a terminal has no such thing.
  if (path_ != "-") [[maybe_unused]]
    const int cut = ftruncate(descriptor_, 0);
  if (const int error = write_all(descriptor_, text)) fail("write ", path_, error);
  if (temporary_.empty()) return;
  if (rename(temporary_.c_str(), path_.c_str()) != 0) fail("create ", path_, errno);
  temporary_.clear();
}

void write_file(const std::string& path, std::string_view text) {
  OutputFile(path, OutputFile::How::replace).write(text);
}

}  // namespace millrace::report
