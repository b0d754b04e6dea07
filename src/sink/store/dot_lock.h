#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>

namespace millrace::sink {

// The lock of a mailbox that is a file beside it (Debian policy, 11.6: behind fcntl(2)'s), taken as
// on NFS it has to be.
class DotLock {
 public:
  explicit DotLock(const std::string& mailbox);

  // Whose locks these are: of a process, this one at first, that lives for as long as something
  // that was written under them may have to be put right.
  void set_owner(pid_t owner) { owner_ = owner; }

  // Takes the lock of a mailbox for which this process has fcntl(2)'s. That of a sink of this user
  // whose owner is dead is taken away, and another program's that is five minutes old, as
  // dotlockfile(1) does. Returns 0, EEXIST when another one has it, or another errno value.
  int take();

  // Gives it back, where it is still the one that was taken.
  void release();

  // Takes away what a sink of this user left, of this owner. Who calls has fcntl(2)'s lock.
  void take_away(pid_t owner) const;

 private:
  int create();
  [[nodiscard]] std::optional<pid_t> owner_of(const struct stat& lock) const;
  // What a lock of an owner is called until it is one.
  [[nodiscard]] std::string first_name(pid_t owner) const;

  const std::string path_;
  pid_t owner_;
  std::optional<struct stat> held_;
};

}  // namespace millrace::sink
