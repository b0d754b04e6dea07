#include "source/log_file.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/diagnostics.h"
#include "base/file_in_place.h"

namespace millrace::source {

LogFile::LogFile(std::string path) : path_(std::move(path)) {
  if (const std::optional<int> own = own_descriptor(path_)) {
    descriptor_ = FileDescriptor(fcntl(*own, F_DUPFD_CLOEXEC, 0));
    struct stat status {};
    if (!descriptor_.valid() || fstat(descriptor_.descriptor(), &status) != 0) {
      throw Fatal(describe_error("open " + name(), errno));
    }
    plain_ = S_ISREG(status.st_mode);
    return;
  }
  FileInPlace file = open_in_place(path_);
  descriptor_ = std::move(file.descriptor);
  plain_ = file.plain;
  own_ = true;
  if (plain_ && ftruncate(descriptor_.descriptor(), 0) != 0) {
    throw Fatal(describe_error("write " + name(), errno));
  }
}

// A pipe is given no more than it takes at once, so that nobody waits for ever within write().
std::size_t LogFile::write(std::string_view lines) {
  std::size_t done = 0;
  while (!failed_ && done < lines.size()) {
    if (const int error = plain_ ? 0 : await_room(); error != 0) {
      fail(error);
      break;
    }
    const std::size_t rest = lines.size() - done;
    const ssize_t taken = ::write(descriptor_.descriptor(), lines.data() + done,
                                  plain_ ? rest : std::min<std::size_t>(rest, PIPE_BUF));
    if (taken >= 0) {
      done += static_cast<std::size_t>(taken);
    } else if (errno != EINTR && errno != EAGAIN) {
      fail(errno);
    }
  }
  if (done == lines.size()) {
    written_ += done;
    return done;
  }
  done = lines.substr(0, done).rfind('\n') + 1;  // 0 when there is none
  written_ += done;
  // Half a line is worse than none.
  if (plain_ && own_ && ftruncate(descriptor_.descriptor(), static_cast<off_t>(written_)) == 0) {
    lseek(descriptor_.descriptor(), static_cast<off_t>(written_), SEEK_SET);
  }
  return done;
}

// Until what is no plain file takes something. Returns an errno value, or 0.
int LogFile::await_room() const {
  constexpr int kLook = 100;  // milliseconds; at whether it is in a hurry
  TimePoint since = Clock::now();
  for (bool hurried = false;;) {
    pollfd wanted{.fd = descriptor_.descriptor(), .events = POLLOUT, .revents = 0};
    const int ready = poll(&wanted, 1, kLook);
    if (ready > 0) return 0;
    if (ready < 0 && errno != EINTR) return errno;
    if (!std::exchange(hurried, hurried_.load())) since = Clock::now();
    if (Clock::now() - since >= kPatience) return ETIMEDOUT;
  }
}

void LogFile::close() {
  if (::close(descriptor_.release()) != 0 && !failed_) fail(errno);
}

void LogFile::fail(int error) {
  failed_ = true;
  warn(describe_error("write " + name(), error) + ": nothing more is logged");
}

}  // namespace millrace::source
