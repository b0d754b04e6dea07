#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"

namespace millrace::sink {

class AppendLog;

// A message while it is being received: in memory as long as it is small, then in a file beside
// its destination whose name ends in ".part", so that nobody takes it for a whole message.
// Errors do not throw: the first one is kept, and what follows is dropped.
class Spool {
 public:
  static constexpr auto kUnlimited = std::numeric_limits<std::uint64_t>::max();

  Spool() = default;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool() { discard(); }

  // `destination`: the path that the message will have, or the start of it.
  // `largest`: bytes; a message above that fails with EMSGSIZE, and what there is of it goes.
  void begin(std::string destination, std::uint64_t largest = kUnlimited);

  void append(std::string_view text);

  // Makes the message a file of its own: the destination plus eight random hexadecimal digits,
  // which nothing had before. False on error.
  bool commit_as_file();

  // Adds the message to the end of the destination, whole or not at all. False on error.
  bool commit_to_end(AppendLog& log);

  // Forgets the message and removes what there is of it.
  void discard();

  // The first errno value of this message; 0: none.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] const std::string& destination() const { return destination_; }
  // Bytes of memory that it holds.
  [[nodiscard]] std::size_t storage() const { return memory_.capacity(); }

 private:
  void spill();
  void keep_error(int error);

  std::string destination_;
  std::string memory_;
  std::uint64_t room_ = 0;  // bytes that may still come
  std::string part_path_;
  FileDescriptor part_;  // the ".part" file, once there is one
  int error_ = 0;
};

}  // namespace millrace::sink
