#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "sink/store/dot_lock.h"
#include "sink/store/turns.h"
#include "sink/store/write_in_progress.h"

namespace millrace::sink {

// A file that messages are appended to, by all workers of this sink and by other programs. It is
// opened anew each time, so that who moves it away gets a new one.
class AppendFile {
 public:
  // What makes its end whole, and what others that write it lock it by.
  enum class Kind : std::uint8_t {
    lines,    // the last one ends in LF; fcntl(2)
    mailbox,  // an empty line; fcntl(2) and a lock file (Debian policy, 11.6)
  };

  // How long others are waited for, of this sink too, while this thread does nothing else.
  static constexpr std::chrono::milliseconds kPatience{5'000};

  AppendFile(const std::string& path, Kind kind, bool sync,
             std::chrono::milliseconds patience = kPatience);

  [[nodiscard]] const std::string& path() const { return path_; }

  // Makes the file where there is none, and the end of its last line or message where it has none.
  // Throws Fatal.
  void prepare();
  // The process that will put right what this one leaves: until that has ended, others wait.
  void set_guard(pid_t guard) { dot_lock_.set_owner(guard); }
  // Of that process, which was forked from the one that wrote and is dead: what that had not
  // written whole goes, and its lock file. What fails is left as it is.
  void put_right(pid_t owner) const;

  // One thing that is added, whole or not at all: what it holds of the file's locks it gives back
  // when it ends, and what it wrote goes again unless it was kept.
  class Addition {
   public:
    // Takes the locks and opens the file.
    explicit Addition(AppendFile& file);
    Addition(const Addition&) = delete;
    Addition& operator=(const Addition&) = delete;
    ~Addition();

    // An errno value: why nothing can be written.
    [[nodiscard]] int error() const { return error_; }
    // What has to stand ahead of what is written.
    [[nodiscard]] std::string_view separator() const { return separator_; }

    // Writes the next part of it. Returns 0 or an errno value, as the next.
    int write(std::string_view text);
    // All was written: on the disk too, where the file is one that syncs.
    int sync();
    // It stays.
    void keep() { kept_ = true; }

   private:
    int open();
    int look_at_end();
    void undo();

    AppendFile& file_;
    const std::chrono::steady_clock::time_point limit_;  // of all waiting
    const bool turn_;                                    // it is this one's
    FileDescriptor opened_;
    off_t size_ = -1;  // at first; -1: the file cannot be cut back, as a pipe
    off_t end_ = -1;   // of what was written
    std::string_view separator_;
    bool kept_ = false;
    int error_ = 0;
  };

 private:
  const std::string path_;
  const Kind kind_;
  const bool sync_;
  const std::chrono::milliseconds patience_;
  DotLock dot_lock_;
  WriteInProgress progress_;
  Turns turns_;
};

}  // namespace millrace::sink
