#pragma once

#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "sink/rules/rule_reader.h"

namespace millrace::sink::rules {

// The files of rules that a user names. Their directories stay open, so that they can be read again
// from within another root directory; files that were renamed into their places are found.
class RuleFiles {
 public:
  // Throws Fatal where there is no such directory.
  explicit RuleFiles(const std::vector<std::string>& paths);

  // All rules, in the order of the files. A file that cannot be read is a mistake. `again`: it was
  // read before; then so is a pipe, which does not say twice what it said, and an empty file,
  // which somebody is just writing.
  [[nodiscard]] RulesRead read(bool again = false) const;

  [[nodiscard]] bool empty() const { return files_.empty(); }

 private:
  struct File {
    std::string path;  // as it was named
    FileDescriptor directory;
    std::string name;  // in it
  };

  static std::string text_of(const File& file, bool again);

  std::vector<File> files_;
};

}  // namespace millrace::sink::rules
