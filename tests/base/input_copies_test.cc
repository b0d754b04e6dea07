#include "base/input_copies.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "scratch_directory.h"

namespace millrace {
namespace {

class InputCopiesTest : public testing::Test {
 protected:
  // What another host has, on which no file is.
  static InputCopies handed_out(InputCopies& taken) {
    InputCopies::Index index = taken.index();
    return {std::move(index), taken.take_contents()};
  }
  static std::string read_by(InputCopies& copies, const std::string& path) {
    const InputCopies::Use use(copies);
    return read_file(path);
  }
  static std::string refusal(InputCopies& copies, const std::string& path) {
    try {
      read_by(copies, path);
    } catch (const Fatal& error) {
      return error.what();
    }
    return {};
  }

  tests::ScratchDirectory scratch;
  InputCopies taken;
};

TEST_F(InputCopiesTest, AreReadWhereNoFileIs) {
  const std::string large(300'000, 'x');
  const std::string bytes("a\r\n\0\xff", 5);
  const std::string one = scratch.write("one", large);
  const std::string two = scratch.write("two", bytes);
  const std::string none = scratch.write("none", "");
  for (const std::string& path : {one, two, none}) {
    EXPECT_EQ(read_by(taken, path), read_file(path));
    std::filesystem::remove(path);
  }
  EXPECT_EQ(taken.index().files,
            (std::vector<InputCopies::File>{{one, large.size()}, {two, bytes.size()}, {none, 0}}));
  InputCopies there = handed_out(taken);
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(read_by(there, two), bytes);
    EXPECT_EQ(read_by(there, one), large);
    EXPECT_EQ(read_by(there, none), "");
  }
}

TEST_F(InputCopiesTest, StayAsTheyWereFirstRead) {
  const std::string path = scratch.write("file", "first");
  EXPECT_EQ(read_by(taken, path), "first");
  scratch.write("file", "second");
  EXPECT_EQ(read_by(taken, path), "first");
  EXPECT_EQ(taken.index().files.size(), 1U);
  EXPECT_EQ(read_file(path), "second") << "none is in use any more";
}

TEST_F(InputCopiesTest, MakeAPipeAFile) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "text", 4), 4);
  close(ends[1]);
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  EXPECT_EQ(read_by(taken, path), "text");
  close(ends[0]);
  EXPECT_EQ(read_by(taken, path), "text");
  const InputCopies::Use use(taken);
  EXPECT_TRUE(can_be_read_again(path));
  EXPECT_FALSE(can_be_read_again("/dev/null"));
}

TEST_F(InputCopiesTest, AreNotOfWhatHoldsASecret) {
  const std::string path = scratch.write("password", "secret\n");
  {
    const InputCopies::Use use(taken);
    EXPECT_EQ(read_first_line(path), "secret");
    EXPECT_EQ(read_all(open_on_this_host(path), path), "secret\n");
  }
  EXPECT_TRUE(taken.index().files.empty());
  InputCopies there = handed_out(taken);
  const InputCopies::Use use(there);
  EXPECT_EQ(read_first_line(path), "secret");
}

TEST_F(InputCopiesTest, HaveABoundTogether) {
  constexpr std::size_t kMiB = 1'048'576;
  InputCopies bounded(kMiB);
  const std::string first = scratch.write("first", std::string(kMiB - 10, 'x'));
  const std::string fits = scratch.write("fits", std::string(10, 'x'));
  const std::string more = scratch.write("more", "x");
  EXPECT_EQ(refusal(bounded, first), "");
  EXPECT_EQ(refusal(bounded, fits), "");
  EXPECT_EQ(refusal(bounded, fits), "");
  const std::string sentence =
      ": with it the files that are handed out to other hosts have more than 1 MiB together, which "
      "is the most";
  EXPECT_EQ(refusal(bounded, more), more + sentence);
  EXPECT_EQ(refusal(bounded, "/dev/zero"), "/dev/zero" + sentence) << "one without an end";
}

TEST_F(InputCopiesTest, AreAllThatIsReadOnceTheyAreHandedOut) {
  const std::string path = scratch.write("file", "text");
  InputCopies there = handed_out(taken);
  const std::string why = ": it is not among the files that were handed out";
  EXPECT_EQ(refusal(there, path), "open " + path + why);
  EXPECT_THROW(there.files_of(path, [] { return std::vector<std::string>(); }), Fatal);
}

TEST_F(InputCopiesTest, DoNotHideWhatIsWrongWithAFile) {
  EXPECT_EQ(refusal(taken, "/nonexistent"), "open /nonexistent: No such file or directory");
  EXPECT_EQ(refusal(taken, "/"), "read /: Is a directory");
  EXPECT_TRUE(taken.index().files.empty());
}

TEST_F(InputCopiesTest, ListADirectoryOnce) {
  int looks = 0;
  const auto look = [&] {
    ++looks;
    return std::vector<std::string>{"d/b", "d/a"};
  };
  EXPECT_EQ(taken.files_of("d", look), (std::vector<std::string>{"d/b", "d/a"}));
  EXPECT_EQ(taken.files_of("d", look).size(), 2U);
  InputCopies there = handed_out(taken);
  EXPECT_EQ(there.files_of("d", look), (std::vector<std::string>{"d/b", "d/a"}));
  EXPECT_EQ(looks, 1);
}

// Of which the key in the same file is none.
TEST_F(InputCopiesTest, HaveTheCertificatesOfAFileAlone) {
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
  const std::string key = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n";
  const std::string path = scratch.write("both.pem", key + certificate + key);
  const std::string key_path = scratch.write("key.pem", key);
  EXPECT_EQ(read_certificates(path), certificate);
  EXPECT_THROW(read_certificates(key_path), Fatal);
  {
    const InputCopies::Use use(taken);
    EXPECT_EQ(read_certificates(path), certificate);
    EXPECT_THROW(read_certificates(key_path), Fatal);
    EXPECT_THROW(read_certificates("/nonexistent"), Fatal);
    EXPECT_THROW(read_certificates("/"), Fatal);
  }
  EXPECT_EQ(taken.index().files,
            (std::vector<InputCopies::File>{{path, certificate.size()}, {key_path, 0}}));
  InputCopies there = handed_out(taken);
  const InputCopies::Use use(there);
  EXPECT_EQ(read_certificates(path), certificate);
}

// Of what is read, with or without copies; but only what is copied has to have room.
TEST_F(InputCopiesTest, OfCertificatesHaveABoundForEachFile) {
  constexpr std::size_t kMiB = 1'048'576;
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
  const auto refused = [](const std::string& path) -> std::string {
    try {
      read_certificates(path);
    } catch (const Fatal& error) {
      return error.what();
    }
    return {};
  };
  const std::string most =
      scratch.write("most.pem", std::string(16 * kMiB - certificate.size(), '\n') + certificate);
  const std::string more = scratch.write("more.pem", certificate + std::string(16 * kMiB, '\n'));
  const std::string sentence = ": more than 16 MiB, which is the most for certificates";
  EXPECT_EQ(read_certificates(most), certificate);
  EXPECT_EQ(refused(more), more + sentence);
  EXPECT_EQ(refused("/dev/zero"), "/dev/zero" + sentence) << "one without an end";
  InputCopies bounded(kMiB);
  const InputCopies::Use use(bounded);
  EXPECT_EQ(read_certificates(most), certificate);
  EXPECT_EQ(refused(more), more + sentence);
  EXPECT_EQ(refused("/dev/zero"), "/dev/zero" + sentence) << "one without an end";
}

}  // namespace
}  // namespace millrace
