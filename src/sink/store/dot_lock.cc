#include "sink/store/dot_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <thread>

#include "base/file_descriptor.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

// How old a lock of others is that nobody holds any more.
constexpr std::time_t kStaleSeconds = 5 * 60;

constexpr std::chrono::milliseconds kNextTry{2};

}  // namespace

// By a file of another name: NFS makes no two of one link, and its reply may get lost, so that the
// number of names tells.
int DotLock::create(const struct stat& mailbox) const {
  static std::atomic<unsigned> number = 0;
  const std::string own = fmt::format("{}.{}.{}", path_, getpid(), ++number);
  const FileDescriptor file(
      open(own.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.valid()) return errno;
  int error = write_all(file.descriptor(), fmt::format("{}\nsmtp-sink {} {}\n", getpid(),
                                                       mailbox.st_ino, mailbox.st_size));
  if (error == 0 && link(own.c_str(), path_.c_str()) != 0) {
    error = errno;
    struct stat status {};
    if (fstat(file.descriptor(), &status) == 0 && status.st_nlink == 2) error = 0;
  }
  unlink(own.c_str());
  return error;
}

// How long the mailbox was when a sink took the lock; nothing where it is not of a sink, or not of
// this mailbox.
std::optional<off_t> DotLock::left_by_a_sink(const struct stat& mailbox) const {
  const FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  std::array<char, 128> text{};
  if (!file.valid() || ::read(file.descriptor(), text.data(), text.size() - 1) <= 0) return {};
  std::uintmax_t inode = 0;
  std::intmax_t size = 0;
  const int found =  // NOLINTNEXTLINE(cert-err34-c): both are looked at below
      std::sscanf(text.data(), "%*d\nsmtp-sink %" SCNuMAX " %" SCNdMAX "\n", &inode, &size);
  if (found != 2 || inode != mailbox.st_ino || size < 0) return {};
  return static_cast<off_t>(size);
}

int DotLock::put_right(int mailbox) const {
  struct stat status {};
  if (fstat(mailbox, &status) != 0) return errno;
  const auto size = left_by_a_sink(status);
  if (!size) return 0;
  if (*size < status.st_size && ftruncate(mailbox, *size) != 0) return errno;
  return unlink(path_.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

int DotLock::take(int mailbox, std::chrono::milliseconds patience) {
  for (auto waited = std::chrono::milliseconds(0);; waited += kNextTry) {
    struct stat status {};
    if (fstat(mailbox, &status) != 0) return errno;
    const int error = create(status);
    if (error != EEXIST) return error;
    if (left_by_a_sink(status)) {
      if (const int wrong = put_right(mailbox); wrong != 0) return wrong;
      continue;
    }
    struct stat lock {};
    if (lstat(path_.c_str(), &lock) != 0) continue;
    if (std::time(nullptr) - lock.st_mtime > kStaleSeconds) {
      unlink(path_.c_str());
    } else if (waited >= patience) {
      return EAGAIN;
    } else {
      std::this_thread::sleep_for(kNextTry);
    }
  }
}

bool DotLock::release() const { return unlink(path_.c_str()) == 0; }

}  // namespace millrace::sink
