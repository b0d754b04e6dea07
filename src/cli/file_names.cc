#include "cli/file_names.h"

#include <glob.h>
#include <unistd.h>

namespace millrace::cli {

std::vector<std::string> matching_files(const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    glob_t found{};
    const bool pattern = name.find_first_of("*?[") != std::string::npos;
    if (pattern && access(name.c_str(), F_OK) != 0 && glob(name.c_str(), 0, nullptr, &found) == 0) {
      paths.insert(paths.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
    } else {
      paths.push_back(name);
    }
    globfree(&found);
  }
  return paths;
}

}  // namespace millrace::cli
