#pragma once

#include <sys/stat.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/file_descriptor.h"
#include "sink/death_watch.h"

namespace millrace::sink {

// Adds whole messages to the ends of files, one at a time over all threads, so that neither
// another worker nor a full disk nor the death of this process leaves half a message in one.
//
// While one is in progress the child of a DeathWatch knows of it, and cuts the file back.
class AppendLog {
 public:
  // Throws Fatal.
  AppendLog();
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;
  ~AppendLog();

  // Lets `write` add to the end of the file, which is made with its directories where it is not
  // there. It stays open for the next message, as long as its path leads to it. Returns 0 or the
  // errno value of what failed; the file is then as it was.
  int append(const std::string& path, const std::function<int(int descriptor)>& write);

 private:
  struct Intent;

  [[nodiscard]] bool still_open(const std::string& path, struct stat& status) const;
  int open_anew(const std::string& path, struct stat& status);

  std::mutex mutex_;       // over the next
  FileDescriptor file_;    // of the last message; none: it went to no file
  struct stat opened_ {};  // it, as it was then
  Intent* intent_;         // shared with the child
  std::optional<DeathWatch> watch_;
};

// Makes the directories that lead to `path`, mode 0755. Returns 0 or an errno value.
int make_directories_for(const std::string& path);

}  // namespace millrace::sink
