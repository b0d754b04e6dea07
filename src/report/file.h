#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::report {

// A file that is written as a whole when all is known, but opened at the start: a long run must
// not end with the news that it cannot be written. No symbolic link is followed, since a report
// may be root's, in a directory that is everybody's; but /dev/stdout, /dev/fd/N and the like are
// this process's own descriptors. What is no plain file (a pipe, a terminal) is written as it is;
// a pipe only when it is the user's own, and then its reader is waited for.
class OutputFile {
 public:
  enum class How : std::uint8_t {
    // Under a name of its own first, so that nobody finds half of it. What had the name is
    // replaced, a link itself and not what it points to.
    replace,
    // For a program that will have no right to rename it. Only a file of the user who runs it is
    // written over; when that fails, it is left empty.
    in_place,
  };

  // "-" is standard output. Throws Fatal naming the file.
  OutputFile(std::string path, How how);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  // A part of the text, ahead of that which ends it. Throws Fatal naming the file.
  void append(std::string_view part);
  // All of the text or the rest of it, once: the file is complete. Throws Fatal naming the file.
  void write(std::string_view text);

 private:
  void open_own_name();
  int put(std::string_view text);
  [[noreturn]] void fail(std::string_view doing, int error) const;

  const std::string path_;
  int descriptor_ = -1;
  bool cut_ = false;       // what is there goes before it is written, and if it cannot be
  bool begun_ = false;     // something was written
  int directory_ = -1;     // where it has its own name, until it is complete
  std::string temporary_;  // that name; empty: none
};

// Replaces a file, or writes to standard output ("-"). Throws Fatal naming it.
void write_file(const std::string& path, std::string_view text);

}  // namespace millrace::report
