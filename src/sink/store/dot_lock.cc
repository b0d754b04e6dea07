#include "sink/store/dot_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <limits>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/number.h"
#include "sink/store/same_file.h"
#include "sink/write_all.h"

namespace millrace::sink {
namespace {

// How old a lock of others is that nobody holds any more.
constexpr std::time_t kStaleSeconds = 5 * 60;

// Behind the number of its owner: whose lock it is.
constexpr std::string_view kOwner = "\nsmtp-sink\n";

}  // namespace

DotLock::DotLock(const std::string& mailbox) : path_(mailbox + ".lock"), owner_(getpid()) {}

std::string DotLock::first_name(pid_t owner) const { return fmt::format("{}.{}", path_, owner); }

// By a file of another name: NFS makes no two of one link, and its reply may get lost, so that the
// number of names tells. One that is there was left by a process of the same number.
int DotLock::create() {
  const std::string own = first_name(owner_);
  unlink(own.c_str());
  const FileDescriptor file(
      open(own.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file.valid()) return errno == EEXIST ? EPERM : errno;
  int error = write_all(file.descriptor(), fmt::format("{}{}", owner_, kOwner));
  struct stat status {};
  if (error == 0 && link(own.c_str(), path_.c_str()) != 0) error = errno;
  if (fstat(file.descriptor(), &status) == 0 && status.st_nlink == 2) error = 0;
  unlink(own.c_str());
  if (error == 0) held_ = status;
  return error;
}

// Nothing where no sink of this user made it. It has its first name as well where that sink was
// killed as it made it.
std::optional<pid_t> DotLock::owner_of(const struct stat& lock) const {
  const FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat opened {};
  if (!file.valid() || fstat(file.descriptor(), &opened) != 0 || !same_file(opened, lock))
    return {};
  if (!S_ISREG(opened.st_mode) || opened.st_uid != geteuid() || opened.st_nlink > 2) return {};
  std::array<char, 64> room{};
  const ssize_t length = ::read(file.descriptor(), room.data(), room.size());
  std::string_view text(room.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  if (!text.ends_with(kOwner)) return {};
  text.remove_suffix(kOwner.size());
  const auto number = whole_number(text, 1, std::numeric_limits<pid_t>::max());
  if (!number) return {};
  const auto owner = static_cast<pid_t>(*number);
  struct stat other {};
  const bool alone = opened.st_nlink == 1;
  if (!alone && (lstat(first_name(owner).c_str(), &other) != 0 || !same_file(other, opened)))
    return {};
  return owner;
}

void DotLock::take_away(pid_t owner) const {
  struct stat lock {};
  if (lstat(path_.c_str(), &lock) == 0 && owner_of(lock) == owner) unlink(path_.c_str());
  if (lstat(first_name(owner).c_str(), &lock) == 0 && S_ISREG(lock.st_mode) &&
      lock.st_uid == geteuid()) {
    unlink(first_name(owner).c_str());
  }
}

int DotLock::take() {
  const int error = create();
  struct stat lock {};
  if (error != EEXIST || lstat(path_.c_str(), &lock) != 0) return error;
  if (std::time(nullptr) - lock.st_mtime > kStaleSeconds) {
    unlink(path_.c_str());
    return create();
  }
  const auto owner = owner_of(lock);
  if (!owner || kill(*owner, 0) == 0 || errno != ESRCH) return EEXIST;
  take_away(*owner);
  return create();
}

void DotLock::release() {
  struct stat lock {};
  const bool there = held_ && lstat(path_.c_str(), &lock) == 0 && same_file(*held_, lock);
  if (there) unlink(path_.c_str());
  held_.reset();
}

}  // namespace millrace::sink
