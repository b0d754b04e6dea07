#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

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

  // Opens the file, making its directories, and lets `write` add to its end. Returns 0 or the
  // errno value of what failed; the file is then as it was.
  int append(const std::string& path, const std::function<int(int descriptor)>& write);

 private:
  struct Intent;

  std::mutex mutex_;
  Intent* intent_;  // shared with the child
  std::optional<DeathWatch> watch_;
};

// Makes the directories that lead to `path`, mode 0755. Returns 0 or an errno value.
int make_directories_for(const std::string& path);

}  // namespace millrace::sink
