#include "mail/corpus/corpus_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/diagnostics.h"
#include "base/input_copies.h"
#include "base/input_file.h"
#include "scratch_directory.h"

namespace millrace::mail {
namespace {

namespace fs = std::filesystem;

class CorpusFiles : public testing::Test {
 protected:
  // The files that are visited, as "name=content", by what their paths have behind the directory's.
  std::vector<std::string> visited(const std::string& path) {
    std::vector<std::string> all;
    for_each_file(path, [&](const FileDescriptor& file, const std::string& name) {
      EXPECT_TRUE(name.starts_with(scratch_.path() + "/"));
      all.push_back(name.substr(scratch_.path().size() + 1) + "=" + read_all(file, name));
    });
    return all;
  }
  std::vector<std::string> visited() { return visited(scratch_.path()); }

  // What is said instead, with ~ for the directory.
  std::string refusal(const std::string& path) {
    try {
      visited(path);
    } catch (const Fatal& error) {
      std::string said = error.what();
      const std::size_t at = said.find(scratch_.path());
      return at == std::string::npos ? said : said.replace(at, scratch_.path().size(), "~");
    }
    return {};
  }
  std::string refusal() { return refusal(scratch_.path()); }

  tests::ScratchDirectory scratch_;
};

using Visited = std::vector<std::string>;

TEST_F(CorpusFiles, MayBeOne) { EXPECT_EQ(visited(scratch_.write("a", "1")), Visited{"a=1"}); }

TEST_F(CorpusFiles, AreTheSameWhereTheyWereHandedOut) {
  for (const std::string name : {"b/new/2", "b/cur/1", "b/tmp/0", "a", ".hidden"}) {
    scratch_.write(name, name);
  }
  const Visited expected{"a=a", "b/cur/1=b/cur/1", "b/new/2=b/new/2"};
  InputCopies taken;
  {
    const InputCopies::Use use(taken);
    EXPECT_EQ(visited(), expected);
    EXPECT_EQ(visited(scratch_.path("a")), Visited{"a=a"});
    EXPECT_EQ(refusal(scratch_.path("none")), "open ~/none: No such file or directory");
  }
  fs::remove_all(scratch_.path());
  InputCopies::Index index = taken.index();
  InputCopies there(std::move(index), taken.take_contents());
  const InputCopies::Use use(there);
  EXPECT_EQ(visited(), expected);
  EXPECT_EQ(visited(scratch_.path("a")), Visited{"a=a"});
}

// Something else may have a name by the time its turn comes, such as a pipe, which would be waited
// for.
TEST_F(CorpusFiles, AreTakenAsTheyAreListed) {
  scratch_.write("a", "1");
  const std::string second = scratch_.write("b", "2");
  InputCopies taken;
  const InputCopies::Use use(taken);
  std::string all;
  for_each_file(scratch_.path(), [&](const FileDescriptor& file, const std::string& name) {
    fs::remove(second);
    all += read_all(file, name);
  });
  EXPECT_EQ(all, "12");
}

TEST_F(CorpusFiles, ComeInTheOrderOfTheirBytes) {
  for (const std::string name : {"b.eml", "a", "B", "10", "9", "\xc3\xa4", "a b", "a.eml", "z"}) {
    scratch_.write(name, "");
  }
  EXPECT_EQ(visited(),
            (Visited{"10=", "9=", "B=", "a=", "a b=", "a.eml=", "b.eml=", "z=", "\xc3\xa4="}));
  EXPECT_EQ(visited(scratch_.path("")), visited());
}

TEST_F(CorpusFiles, LieInDirectoriesBelowToo) {
  scratch_.write("a", "1");
  scratch_.write("b/c/d", "2");
  scratch_.write("b/e", "3");
  scratch_.write("c", "4");
  fs::create_directory(scratch_.path("empty"));
  EXPECT_EQ(visited(), (Visited{"a=1", "b/c/d=2", "b/e=3", "c=4"}));
}

TEST_F(CorpusFiles, OfAMaildirAreInTwoPlaces) {
  scratch_.write("m/new/1", "1");
  scratch_.write("m/cur/2:2,S", "2");
  scratch_.write("m/tmp/3", "3");
  scratch_.write("m/dovecot-uidlist", "4");
  scratch_.write("m/.Sent/cur/5", "5");
  EXPECT_EQ(visited(), (Visited{"m/cur/2:2,S=2", "m/new/1=1"}));
  EXPECT_EQ(visited(scratch_.path("m")), visited());
}

TEST_F(CorpusFiles, CalledAsPartsOfAMaildirMakeNone) {
  scratch_.write("a/cur", "1");
  scratch_.write("a/new/x", "2");
  scratch_.write("a/tmp", "3");
  scratch_.write("b/cur/x", "4");
  scratch_.write("b/new", "5");
  scratch_.write("b/tmp", "6");
  EXPECT_EQ(visited(),
            (Visited{"a/cur=1", "a/new/x=2", "a/tmp=3", "b/cur/x=4", "b/new=5", "b/tmp=6"}));
}

TEST_F(CorpusFiles, AreWhatCanHoldMailAndIsNotHidden) {
  scratch_.write("a", "1");
  scratch_.write(".b", "2");
  scratch_.write(".git/c", "3");
  ASSERT_EQ(mkfifo(scratch_.path("pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", scratch_.path("device"));
  EXPECT_EQ(visited(), Visited{"a=1"});
}

TEST_F(CorpusFiles, MayBeLinks) {
  scratch_.write("x/a", "1");
  fs::create_symlink("a", scratch_.path("x/b"));
  fs::create_symlink("x", scratch_.path("y"));
  EXPECT_EQ(visited(scratch_.path("y")), (Visited{"y/a=1", "y/b=1"}));
  EXPECT_EQ(refusal(), "~/y is a link to a directory, which is not followed");
}

TEST_F(CorpusFiles, AreNamedWhenTheyCannotBeRead) {
  EXPECT_EQ(refusal(scratch_.path("a")), "open ~/a: No such file or directory");
  fs::create_symlink("nowhere", scratch_.path("b"));
  EXPECT_EQ(refusal(), "open ~/b: No such file or directory");
  EXPECT_EQ(refusal(scratch_.path("b")), "open ~/b: No such file or directory");
}

TEST_F(CorpusFiles, AreNamedWhenTheyMayNotBeRead) {
  constexpr uid_t kNobody = 65'534;
  const bool root = geteuid() == 0;  // who may read everything
  fs::permissions(scratch_.path(), fs::perms::all);
  fs::permissions(fs::path(scratch_.write("d/a", "1")), fs::perms::none);
  const auto refused = [&](const std::string& path) {
    EXPECT_EQ(seteuid(root ? kNobody : geteuid()), 0);
    const std::string said = refusal(path);
    EXPECT_EQ(seteuid(root ? 0 : geteuid()), 0);
    return said;
  };
  EXPECT_EQ(refused(scratch_.path()), "open ~/d/a: Permission denied");
  fs::permissions(scratch_.path("d"), fs::perms::none);
  EXPECT_EQ(refused(scratch_.path()), "open ~/d: Permission denied");
  EXPECT_EQ(refused(scratch_.path("d")), "open ~/d: Permission denied");
  fs::permissions(scratch_.path("d"), fs::perms::all);
}

TEST_F(CorpusFiles, AreNotLookedForEndlesslyDeep) {
  std::string deep = scratch_.path();
  for (int depth = 0; depth < 63; ++depth) deep += "/d";
  fs::create_directories(deep);
  for (int beside = 0; beside < 70; ++beside) {  // which is wide, not deep
    fs::create_directory(scratch_.path("a" + std::to_string(beside)));
  }
  EXPECT_EQ(refusal(), "");
  fs::create_directory(deep + "/d");
  EXPECT_TRUE(refusal().ends_with("/d is more than 64 directories deep")) << refusal();
}

}  // namespace
}  // namespace millrace::mail
