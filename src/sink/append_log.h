#pragma once

#include <sys/types.h>

#include <functional>
#include <mutex>
#include <string>

#include "base/file_descriptor.h"

namespace millrace::sink {

// Adds whole messages to the ends of files, one at a time over all threads, so that neither
// another worker nor a full disk nor the death of this process leaves half a message in one.
//
// A signal can end a process in the middle of a large write(). Therefore a small child process
// knows of each append in progress and, when its parent is gone, cuts the file back.
class AppendLog {
 public:
  // Starts the child, which only makes system calls: other threads may hold any lock. Throws Fatal.
  AppendLog();
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;
  ~AppendLog();

  // Opens the file, making its directories, and lets `write` add to its end. Returns 0 or the
  // errno value of what failed; the file is then as it was.
  int append(const std::string& path, const std::function<int(int descriptor)>& write);

 private:
  struct Intent;

  [[noreturn]] static void guard(int alive_pipe, const Intent& intent);

  std::mutex mutex_;
  Intent* intent_;       // shared with the child
  FileDescriptor pipe_;  // its other end closes when this process is gone
  pid_t child_ = -1;
};

// Makes the directories that lead to `path`, mode 0755. Returns 0 or an errno value.
int make_directories_for(const std::string& path);

}  // namespace millrace::sink
