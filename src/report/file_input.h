#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <streambuf>
#include <string>

namespace millrace::report {

// A file that is read as it is needed and never held as a whole. Throws Fatal: naming the file when
// it cannot be opened; else what went wrong, or what is too large (ReadLimits).
class FileInput final : public std::streambuf {
 public:
  // "-" is standard input.
  explicit FileInput(std::string path);
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;
  ~FileInput() override;

  // The reader has understood all that it has taken so far.
  void mark() { unmarked_ = 0; }

 private:
  int_type underflow() override;

  const std::string path_;
  int descriptor_;
  std::uint64_t bytes_ = 0;
  std::size_t unmarked_ = 0;  // bytes that were read since the last mark
  std::array<char, 65'536> buffer_{};
};

}  // namespace millrace::report
