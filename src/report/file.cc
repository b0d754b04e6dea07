#include "report/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/diagnostics.h"

namespace millrace::report {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ > STDERR_FILENO) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

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
  const Descriptor file(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) fail("open ", path, errno);
  std::string text;
  std::array<char, 65'536> buffer{};
  for (;;) {
    const ssize_t got = read(file.number(), buffer.data(), buffer.size());
    if (got == 0) return text;
    if (got < 0 && errno != EINTR) fail("read ", path, errno);
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void write_file(const std::string& path, std::string_view text) {
  if (path == "-") {
    if (const int error = write_all(STDOUT_FILENO, text)) fail("write ", "standard output", error);
    return;
  }
  const bool rename_it = replaceable(path);
  const std::string name = rename_it ? path + "." + std::to_string(getpid()) + ".part" : path;
  {
    const Descriptor file(open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.number() < 0) fail("create ", path, errno);
    if (const int error = write_all(file.number(), text)) {
      if (rename_it) unlink(name.c_str());
      fail("write ", path, error);
    }
  }
  if (!rename_it || rename(name.c_str(), path.c_str()) == 0) return;
  const int error = errno;
  unlink(name.c_str());
  fail("create ", path, error);
}

}  // namespace millrace::report
