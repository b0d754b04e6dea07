#include "report/file_input.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "report/json_bounds.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using test::message_of;

// What is said while a file of so many noughts is read, of which nothing is understood.
std::string said_of_noughts(std::uint64_t number) {
  std::string path = std::filesystem::temp_directory_path() / "millrace.XXXXXX";
  close(mkstemp(path.data()));
  std::filesystem::resize_file(path, number);
  const std::string said = message_of([&] {
    FileInput input(path);
    std::vector<char> piece(65'536);
    while (input.sgetn(piece.data(), std::ssize(piece)) > 0) continue;
  });
  std::filesystem::remove(path);
  return said;
}

TEST(FileInput, OneValueHasABound) {
  EXPECT_EQ(said_of_noughts(kReadLimits.piece), "nothing was thrown");
  EXPECT_EQ(said_of_noughts(kReadLimits.piece + 1), "a value of more than 4194304 bytes");
}

TEST(FileInput, AFileHasABoundHoweverSmallItsValues) {
  std::uint64_t taken = 0;
  const std::string said = message_of([&] {
    FileInput input("/dev/zero");
    std::vector<char> piece(65'536);
    while (taken <= kReadLimits.bytes) {
      input.mark();
      taken += static_cast<std::uint64_t>(input.sgetn(piece.data(), std::ssize(piece)));
    }
  });
  EXPECT_EQ(said, "more than 1073741824 bytes");
  EXPECT_EQ(taken, kReadLimits.bytes);
}

TEST(FileInput, ThatCannotBeReadIsNamed) {
  EXPECT_EQ(message_of([] { FileInput("/no/such/run.json"); }),
            "open /no/such/run.json: No such file or directory");
  EXPECT_EQ(message_of([] { FileInput("/").sgetc(); }), "read: Is a directory");
}

}  // namespace
}  // namespace millrace::report
