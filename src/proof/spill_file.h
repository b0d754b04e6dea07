#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/file_descriptor.h"

namespace millrace::proof {

// A file without a name, for what has no room in memory; gone with its owner. All throw Fatal
// naming the directory.
class SpillFile {
 public:
  // In `directory`; empty: in the one for temporary files (base/nameless_file.h). The file is made
  // with the first write.
  explicit SpillFile(std::string directory);

  void append(const void* bytes, std::size_t size);
  void read(std::uint64_t place, void* bytes, std::size_t size) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  std::string directory_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace millrace::proof
