#include "mail/corpus/packed_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "base/diagnostics.h"
#include "scratch_directory.h"

namespace millrace::mail {
namespace {

// Where temporary files are made, as long as this lives.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const char* path) {
    if (const char* const before = std::getenv("TMPDIR")) before_ = before;
    if (path != nullptr) {
      setenv("TMPDIR", path, 1);
    } else {
      unsetenv("TMPDIR");
    }
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    unsetenv("TMPDIR");
    if (before_) setenv("TMPDIR", before_->c_str(), 1);
  }

 private:
  std::optional<std::string> before_;
};

TEST(PackedFile, GivesAllThatWasPutToIt) {
  PackedFile file;
  std::string all;
  for (int line = 0; line < 500'000; ++line) {
    const std::string text = std::to_string(line) + "\r\n";
    file.text().append(text);
    all += text;
    file.write_blocks();
    ASSERT_LE(file.text().size(), 1U << 20);
    ASSERT_EQ(file.size(), all.size());
  }
  const MappedText mapped = file.map();
  EXPECT_EQ(mapped.text(), all);
  mapped.expect_small_pieces();
  EXPECT_EQ(mapped.text(), all);
}

TEST(PackedFile, OutlastsItsWriter) {
  MappedText mapped;
  {
    PackedFile file;
    file.text() += "a\r\n";
    mapped = file.map();
  }
  const MappedText moved = std::move(mapped);
  EXPECT_EQ(moved.text(), "a\r\n");
}

TEST(PackedFile, MayBeEmpty) {
  const MappedText mapped = PackedFile().map();
  EXPECT_EQ(mapped.text(), "");
  mapped.expect_small_pieces();
}

TEST(PackedFile, HasNoName) {
  const tests::ScratchDirectory scratch;
  const TemporaryDirectory there(scratch.path().c_str());
  PackedFile file;
  file.text().assign(std::size_t{3} << 20, 'x');
  file.write_blocks();
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
  EXPECT_EQ(file.map().text().size(), std::size_t{3} << 20);
}

TEST(PackedFile, SaysWhereNoneCanBeMade) {
  const TemporaryDirectory there("/nonexistent");
  try {
    PackedFile();
    FAIL();
  } catch (const Fatal& error) {
    EXPECT_STREQ(error.what(),
                 "make a file in /nonexistent (TMPDIR names another place): "
                 "No such file or directory");
  }
}

TEST(PackedFile, IsInVarTmpUnlessElsewhereIsNamed) {
  for (const char* const unnamed : {static_cast<const char*>(nullptr), ""}) {
    const TemporaryDirectory nowhere(unnamed);
    EXPECT_NO_THROW(PackedFile());
  }
}

// A limit for the sizes of files stands for a disk that is full.
TEST(PackedFile, SaysHowMuchRoomItNeeds) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 1'500'000, .rlim_max = before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const tests::ScratchDirectory scratch;
  const TemporaryDirectory there(scratch.path().c_str());
  std::string said;
  try {
    PackedFile file;
    for (int block = 0; block < 5; ++block) {
      file.text().append(1'100'000, 'x');
      file.write_blocks();
    }
    file.text() += "and more";
    file.map();
  } catch (const Fatal& error) {
    said = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(said, "5500008 bytes are needed in " + scratch.path() +
                      " (TMPDIR names another place): File too large");
}

}  // namespace
}  // namespace millrace::mail
