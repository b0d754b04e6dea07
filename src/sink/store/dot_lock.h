#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

namespace millrace::sink {

// The lock of a mailbox that is a file beside it (Debian policy, 11.6: behind fcntl(2)'s), taken as
// on NFS it has to be.
class DotLock {
 public:
  explicit DotLock(const std::string& mailbox) : path_(mailbox + ".lock") {}

  // Takes the lock of a mailbox for which this process has fcntl(2)'s. That of a sink of this user
  // that is dead is taken away, and another program's that is five minutes old, as dotlockfile(1)
  // does; others are waited for. Returns 0, EAGAIN when that was in vain, or another errno value.
  int take(std::chrono::steady_clock::time_point limit);

  // Gives it back, where it is still the one that was taken.
  void release();

  // Takes away what a sink of this user left that is dead. Who calls has fcntl(2)'s lock. `owner`:
  // the one that is dead, though others may have to wait for its end; 0: any.
  void take_away(pid_t owner) const;

 private:
  int create();
  [[nodiscard]] std::optional<pid_t> sink_in(const struct stat& lock) const;

  const std::string path_;
  std::optional<struct stat> held_;
};

}  // namespace millrace::sink
