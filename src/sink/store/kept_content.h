#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"

namespace millrace::sink {

// The content of a message that is to be kept, byte for byte: in memory as long as it is small,
// then in a file without a name. Errors do not throw: the first one is kept, and what follows is
// dropped.
class KeptContent {
 public:
  // `directory`: where the file would be, which must outlive the content. `largest`: bytes; above
  // that it fails with EMSGSIZE.
  void begin(const std::string& directory, std::uint64_t largest);
  void begin(std::string&& directory, std::uint64_t largest) = delete;
  void append(std::string_view bytes);
  // Gives back what a large one took.
  void forget();

  // The first errno value; 0: none.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Bytes of memory that it holds.
  [[nodiscard]] std::size_t storage() const { return memory_.capacity(); }

  // Calls `take` with the content, in pieces; it is over with the first that is not answered 0.
  // Returns that, or the errno value of what could not be read.
  int visit(const std::function<int(std::string_view piece)>& take) const;

 private:
  void spill();

  const std::string* directory_ = nullptr;
  std::uint64_t largest_ = 0;
  std::uint64_t size_ = 0;
  std::string memory_;  // what is not in the file
  FileDescriptor file_;
  std::uint64_t in_file_ = 0;  // bytes
  int error_ = 0;
};

}  // namespace millrace::sink
