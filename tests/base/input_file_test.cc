#include "base/input_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "base/diagnostics.h"

namespace millrace {
namespace {

std::string refusal(const std::string& path) {
  try {
    read_file(path);
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

TEST(InputFile, IsReadByteForByte) {
  const std::string path = testing::TempDir() + "millrace.input." + std::to_string(getpid());
  std::string text("a\r\n\0b\n", 6);
  for (std::size_t size = 0; size < 300'000; ++size) text += static_cast<char>(size % 251);
  std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(read_file(path), text);
  std::ofstream(path, std::ios::binary).flush();
  EXPECT_EQ(read_file(path), "");
  unlink(path.c_str());
}

// Whoever writes it may still be there, as at a terminal.
TEST(InputFile, ItsFirstLineIsThereBeforeItsEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "secret\r\nand", 11), 11);
  const std::string path = "/proc/self/fd/" + std::to_string(ends[0]);
  EXPECT_EQ(read_first_line(path), "secret");
  ASSERT_EQ(write(ends[1], std::string(65'540, 'x').data(), 60'000), 60'000);
  close(ends[1]);
  EXPECT_EQ(read_first_line(path).size(), 60'003U);
  close(ends[0]);
}

TEST(InputFile, AFirstLineHasABound) {
  const std::string path = testing::TempDir() + "millrace.input." + std::to_string(getpid());
  std::ofstream(path) << std::string(65'536, 'x') << "\n";
  EXPECT_EQ(read_first_line(path).size(), 65'536U);
  std::ofstream(path) << std::string(65'537, 'x') << "\n";
  EXPECT_THROW(read_first_line(path), Fatal);
  unlink(path.c_str());
}

TEST(InputFile, MayBeAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string text(200'000, 'x');
  std::thread writer([&] {
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t written = write(ends[1], rest.data(), rest.size());
      if (written <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    close(ends[1]);
  });
  EXPECT_EQ(read_file("/dev/fd/" + std::to_string(ends[0])), text);
  writer.join();
  close(ends[0]);
}

TEST(InputFile, IsNamedWhenItCannotBeRead) {
  EXPECT_EQ(refusal("/nonexistent"), "open /nonexistent: No such file or directory");
  EXPECT_EQ(refusal("/"), "read /: Is a directory");
}

}  // namespace
}  // namespace millrace
