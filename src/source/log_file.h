#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/time.h"

namespace millrace::source {

// A file that is written as a run goes, line after line, and not by a name of its own first: it is
// to be read meanwhile. What was there goes. The rules of who may write where are those of
// open_in_place() (base/file_in_place.h). What fails is said once, and nothing is written any more.
class LogFile {
 public:
  // "-" is standard output. Throws Fatal naming the file.
  explicit LogFile(std::string path);

  // Writes whole lines; returns how many bytes of them, up to the end of a line, are there. Waits
  // for the reader of a pipe.
  std::size_t write(std::string_view lines);

  // From any thread: the program waits for what is still to be written. From here on a reader that
  // takes nothing for kPatience is given up.
  void hurry() { hurried_ = true; }
  static constexpr std::chrono::seconds kPatience{10};

  // Nothing more is to be written.
  void close();

  [[nodiscard]] bool failed() const { return failed_; }
  // How messages call it.
  [[nodiscard]] std::string name() const { return path_ == "-" ? "standard output" : path_; }

 private:
  [[nodiscard]] int await_room() const;
  void fail(int error);

  const std::string path_;
  FileDescriptor descriptor_;
  bool plain_ = false;  // a file on a disk
  bool own_ = false;    // opened here, not one that the process was given
  bool failed_ = false;
  std::size_t written_ = 0;  // bytes
  std::atomic<bool> hurried_{false};
};

}  // namespace millrace::source
