#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::report {

// All of a file; "-" is standard input. Throws Fatal naming it.
std::string read_file(const std::string& path);

// A file that is written as a whole when all is known, but opened at the start: a long run must
// not end with the news that it cannot be written.
class OutputFile {
 public:
  enum class How : std::uint8_t {
    replace,   // under another name first, so that nobody finds half of it
    in_place,  // for a program that will have no right, or no path, to rename it
  };

  // "-" is standard output. Throws Fatal naming the file.
  OutputFile(std::string path, How how);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  // Once. Throws Fatal naming the file.
  void write(std::string_view text);

 private:
  const std::string path_;
  std::string temporary_;  // its name until it is complete; empty: none
  int descriptor_;
};

// Replaces a file, or writes to standard output ("-"). Throws Fatal naming it.
void write_file(const std::string& path, std::string_view text);

}  // namespace millrace::report
