#pragma once

#include <sys/types.h>

#include <functional>

#include "base/file_descriptor.h"

namespace millrace::sink {

// A signal can end a process in the middle of a large write(). Therefore a small child process
// puts right what its parent was about when that is gone, however it went.
class DeathWatch {
 public:
  // Starts the child. `put_right` is called in it, without any of the parent's descriptors; other
  // threads may have held any lock of the library's when it was started. Throws Fatal.
  explicit DeathWatch(const std::function<void()>& put_right);
  DeathWatch(const DeathWatch&) = delete;
  DeathWatch& operator=(const DeathWatch&) = delete;
  // Nothing is left to be put right: the child ends without that.
  ~DeathWatch();

  [[nodiscard]] pid_t process() const { return child_; }

 private:
  FileDescriptor pipe_;  // its other end closes when this process is gone
  pid_t child_ = -1;
};

}  // namespace millrace::sink
