#include "sink/rules/rule_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "config/toml_file.h"

namespace millrace::sink::rules {

RuleFiles::RuleFiles(const std::vector<std::string>& paths) {
  for (const std::string& text : paths) {
    const std::filesystem::path path(text);
    const std::string directory = path.has_parent_path() ? path.parent_path().string() : ".";
    FileDescriptor opened(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!opened.valid()) throw Fatal(describe_error("open " + text, errno));
    files_.push_back({.path = text, .directory = std::move(opened), .name = path.filename()});
  }
}

RulesRead RuleFiles::read(bool again) const {
  std::vector<RuleFile> texts;
  std::vector<std::string> unreadable;
  for (const File& file : files_) {
    try {
      texts.push_back({.name = file.path, .text = text_of(file, again)});
    } catch (const Fatal& why) {
      unreadable.emplace_back(why.what());
    }
  }
  RulesRead all = read_rules(texts);
  all.mistakes.insert(all.mistakes.begin(), unreadable.begin(), unreadable.end());
  return all;
}

std::string RuleFiles::text_of(const File& file, bool again) {
  // Nobody need be at the other end of what is no plain file.
  const int how = O_RDONLY | O_CLOEXEC | O_NOCTTY | (again ? O_NONBLOCK : 0);
  const FileDescriptor opened(openat(file.directory.descriptor(), file.name.c_str(), how));
  struct stat status {};
  if (again && opened.valid() && fstat(opened.descriptor(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) throw Fatal(file.path + ": no plain file, not read again");
    if (status.st_size == 0) throw Fatal(file.path + ": the file is empty");
  }
  return read_all(opened, file.path, config::kLargestFile);
}

}  // namespace millrace::sink::rules
