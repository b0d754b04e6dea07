#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/file_descriptor.h"

namespace millrace::mail {

// Text in a file, mapped to be read: its bytes are in the kernel's page cache.
class MappedText {
 public:
  MappedText() = default;
  // `size` bytes of the file. Throws Fatal, `place` saying where it is.
  MappedText(const FileDescriptor& file, std::uint64_t size, const std::string& place);
  MappedText(MappedText&& other) noexcept : text_(std::exchange(other.text_, {})) {}
  MappedText& operator=(MappedText&& other) noexcept {
    std::swap(text_, other.text_);
    return *this;
  }
  MappedText(const MappedText&) = delete;
  MappedText& operator=(const MappedText&) = delete;
  ~MappedText();

  [[nodiscard]] std::string_view text() const { return text_; }

  // Small pieces will be read, anywhere in it: the kernel need not read what lies round them.
  void expect_small_pieces() const;

 private:
  std::string_view text_;
};

// A file without a name, in the directory for temporary files (base/nameless_file.h). Text is put
// to its end, then all of it is mapped. Nobody else can change it or cut it, which would end the
// program when it reads there (SIGBUS).
class PackedFile {
 public:
  // Throws Fatal where none can be made.
  PackedFile();

  // What is not yet written: text is put to its end.
  std::string& text() { return text_; }

  // Writes it if there is much of it. An error is kept for map(), which knows how much there is.
  void write_blocks();

  [[nodiscard]] std::uint64_t size() const { return written_ + text_.size(); }

  // Writes what is left and gives all. Throws Fatal where that or an earlier write failed, saying
  // how much room it takes.
  MappedText map();

 private:
  void write_all();

  std::string directory_;
  FileDescriptor file_;
  std::string text_;
  std::uint64_t written_ = 0;  // bytes before text_, written or not
  int error_ = 0;              // of the first write that failed: errno; 0: none did
};

}  // namespace millrace::mail
