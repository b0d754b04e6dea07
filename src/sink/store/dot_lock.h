#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

namespace millrace::sink {

// The lock of a mailbox that is a file beside it (Debian policy, 11.6: behind fcntl(2)'s), taken as
// on NFS it has to be. In it stands what the mailbox was when it was taken, so that a mailbox whose
// writer died in the middle can be cut back by who finds the lock.
class DotLock {
 public:
  explicit DotLock(const std::string& mailbox) : path_(mailbox + ".lock") {}

  // Takes the lock of the mailbox that is open, for which this process has fcntl(2)'s lock. One
  // that a sink left in the same mailbox can only be that of a dead one, since it would have
  // fcntl(2)'s: the mailbox is cut back to what it had. Another program's is waited for, or taken
  // away when it is five minutes old, as dotlockfile(1) does. Returns 0, EAGAIN when it was waited
  // for in vain, or another errno value.
  int take(int mailbox, std::chrono::milliseconds patience);

  // Gives it back. False where it cannot, which errno tells.
  bool release() const;

  // The same cut, for who does not want the lock. Returns 0 or an errno value.
  int put_right(int mailbox) const;

 private:
  [[nodiscard]] std::optional<off_t> left_by_a_sink(const struct stat& mailbox) const;
  int create(const struct stat& mailbox) const;

  const std::string path_;
};

}  // namespace millrace::sink
