#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace millrace::tests {

// A directory of a test's own, which goes with it; in memory, where there is such a place.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    const std::string memory = "/dev/shm/";
    path_ = (access(memory.c_str(), W_OK) == 0 ? memory : testing::TempDir()) + "millrace.XXXXXX";
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path(std::string_view name) const { return (path_ + "/").append(name); }

  // Writes a file, with the directories that its name has; returns its path.
  std::string write(std::string_view name, std::string_view text) const {
    const std::string file = path(name);
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

 private:
  std::string path_;
};

}  // namespace millrace::tests
