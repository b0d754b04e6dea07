#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string_view>

namespace millrace::sink {

// What is being written at the end of a file: known to a child process too, which can tell after
// the death of this one what in the file is of it, byte for byte, and nobody else's.
class WriteInProgress {
 public:
  // So much is written at once, at most.
  static constexpr std::size_t kMostPiece = 256 * 1024;

  // Throws Fatal.
  WriteInProgress();
  WriteInProgress(const WriteInProgress&) = delete;
  WriteInProgress& operator=(const WriteInProgress&) = delete;
  ~WriteInProgress();

  // It begins, at the end of this file.
  void begin(const struct stat& file);
  // The next piece of it, up to kMostPiece bytes, goes to this place.
  void announce(off_t place, std::string_view piece);
  // It is over: the file is as it is to be.
  void end();

  // Cuts off what was written of it, where all that stands there is of it. The file is locked.
  void undo(int file) const;

 private:
  struct Shared;
  Shared* shared_;
};

}  // namespace millrace::sink
