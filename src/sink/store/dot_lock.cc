#include "sink/store/dot_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <limits>
#include <string_view>
#include <thread>

#include "base/file_descriptor.h"
#include "base/number.h"
#include "base/time.h"
#include "sink/store/same_file.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

// How old a lock of others is that nobody holds any more.
constexpr std::time_t kStaleSeconds = 5 * 60;

constexpr std::chrono::milliseconds kNextTry{2};

// Behind the number of the process: whose lock it is.
constexpr std::string_view kOwner = "\nsmtp-sink\n";

}  // namespace

// By a file of another name: NFS makes no two of one link, and its reply may get lost, so that the
// number of names tells.
int DotLock::create() {
  static std::atomic<unsigned> number = 0;
  const std::string own = fmt::format("{}.{}.{}", path_, getpid(), ++number);
  const FileDescriptor file(
      open(own.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.valid()) return errno;
  int error = write_all(file.descriptor(), fmt::format("{}{}", getpid(), kOwner));
  struct stat status {};
  if (error == 0 && link(own.c_str(), path_.c_str()) != 0) error = errno;
  if (fstat(file.descriptor(), &status) == 0 && status.st_nlink == 2) error = 0;
  unlink(own.c_str());
  if (error == 0) held_ = status;
  return error;
}

// Which process it is of; nothing where no sink of this user made it.
std::optional<pid_t> DotLock::sink_in(const struct stat& lock) const {
  const FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat opened {};
  if (!file.valid() || fstat(file.descriptor(), &opened) != 0 || !same_file(opened, lock))
    return {};
  if (!S_ISREG(opened.st_mode) || opened.st_uid != geteuid() || opened.st_nlink != 1) return {};
  std::array<char, 64> room{};
  const ssize_t length = ::read(file.descriptor(), room.data(), room.size());
  std::string_view text(room.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  if (!text.ends_with(kOwner)) return {};
  text.remove_suffix(kOwner.size());
  const auto process = whole_number(text, 1, std::numeric_limits<pid_t>::max());
  if (!process) return {};
  return static_cast<pid_t>(*process);
}

void DotLock::take_away(pid_t owner) const {
  struct stat lock {};
  if (lstat(path_.c_str(), &lock) != 0) return;
  const auto process = sink_in(lock);
  if (!process) return;
  const bool dead = owner != 0 ? *process == owner : kill(*process, 0) != 0 && errno == ESRCH;
  if (dead) unlink(path_.c_str());
}

int DotLock::take(TimePoint limit) {
  take_away(0);
  for (;;) {
    if (const int error = create(); error != EEXIST) return error;
    struct stat lock {};
    if (lstat(path_.c_str(), &lock) == 0 && std::time(nullptr) - lock.st_mtime > kStaleSeconds) {
      unlink(path_.c_str());
    } else if (Clock::now() >= limit) {
      return EAGAIN;
    } else {
      std::this_thread::sleep_for(kNextTry);
    }
  }
}

void DotLock::release() {
  struct stat lock {};
  const bool there = held_ && lstat(path_.c_str(), &lock) == 0 && same_file(*held_, lock);
  if (there) unlink(path_.c_str());
  held_.reset();
}

}  // namespace millrace::sink
