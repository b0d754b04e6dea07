#include "sink/store/keeper.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "failing_call.h"
#include "kept_messages.h"
#include "scratch_directory.h"
#include "sink/store/folder_store.h"

namespace millrace::sink {
namespace {

using Form = StoreTarget::Form;
using test::file_text;
using test::names_in;

class KeeperTest : public testing::Test {
 protected:
  // Has so many messages kept; what is said meanwhile.
  std::string settle(Keeper& keeper, std::vector<std::string_view> contents) {
    for (auto& message : test::kept_messages(contents)) keeper.await(std::move(message));
    testing::internal::CaptureStderr();
    kept = keeper.add();
    keeper.decide(kept);
    return testing::internal::GetCapturedStderr();
  }

  const tests::ScratchDirectory scratch;
  bool kept = false;
};

TEST_F(KeeperTest, PutsEachMessageIntoAllStores) {
  for (const bool sync : {false, true}) {
    const tests::ScratchDirectory place;
    const StoreOptions options{.targets = {{Form::maildir, place.path("sub/maildir")},
                                           {Form::mbox, place.path("mbox")},
                                           {Form::eml, place.path("eml")},
                                           {Form::jsonl, place.path("jsonl")},
                                           {Form::jsonl_with_text, place.path("jsonl+message")}},
                               .sync = sync};
    Stores stores(options);
    Keeper keeper(stores);
    EXPECT_EQ(settle(keeper, {"a: 1\r\n\r\n", "b: 2\r\n\r\n"}), "");
    EXPECT_TRUE(kept);
    EXPECT_FALSE(keeper.waiting());
    EXPECT_EQ(names_in(place.path("sub/maildir")), (std::vector<std::string>{"cur", "new", "tmp"}));
    const auto maildir = names_in(place.path("sub/maildir/new"));
    ASSERT_EQ(maildir.size(), 2U);
    EXPECT_TRUE(maildir[1].starts_with("1.M2P3Q1.")) << maildir[1];
    EXPECT_TRUE(file_text(place.path("sub/maildir/new/") + maildir[1]).ends_with(")\nb: 2\n\n"));
    EXPECT_TRUE(names_in(place.path("sub/maildir/tmp")).empty());
    EXPECT_EQ(names_in(place.path("eml")),
              (std::vector<std::string>{"1.M2P3Q0.eml", "1.M2P3Q1.eml"}));
    EXPECT_TRUE(file_text(place.path("eml/1.M2P3Q0.eml")).ends_with(")\r\na: 1\r\n\r\n"));
    EXPECT_TRUE(file_text(place.path("mbox")).ends_with(")\nb: 2\n\n\n"));
    EXPECT_EQ(file_text(place.path("jsonl")).find("\"message\""), std::string::npos);
    EXPECT_TRUE(
        file_text(place.path("jsonl+message")).ends_with("\"message\":\"b: 2\\r\\n\\r\\n\"}\n"));
  }
}

// The last of them, by path, is full.
TEST_F(KeeperTest, PutsThemIntoNoneWhereOneHasNoRoom) {
  const std::string full = scratch.path("zfull");
  std::filesystem::create_symlink("/dev/full", full);
  const StoreOptions options{.targets = {{Form::jsonl, full},
                                         {Form::maildir, scratch.path("maildir")},
                                         {Form::mbox, scratch.path("mbox")},
                                         {Form::eml, scratch.path("eml")}}};
  Stores stores(options);
  Keeper keeper(stores);
  EXPECT_EQ(settle(keeper, {"a", "b"}), "millrace: warning: message not stored in jsonl:" + full +
                                            ": No space left on device\n");
  EXPECT_FALSE(kept);
  EXPECT_TRUE(names_in(scratch.path("maildir/new")).empty());
  EXPECT_TRUE(names_in(scratch.path("eml")).empty());
  EXPECT_EQ(file_text(scratch.path("mbox")), "");
  std::filesystem::remove(full);
  EXPECT_EQ(settle(keeper, {"c"}), "");
  EXPECT_TRUE(kept);
  EXPECT_EQ(names_in(scratch.path("eml")).size(), 1U);
  EXPECT_NE(file_text(scratch.path("mbox")), "");
}

// A file that cannot get its name; the one before it had its own already.
TEST_F(KeeperTest, KnowsBeforeItIsDecidedThatOneCannotBeKept) {
  for (const Form form : {Form::maildir, Form::eml}) {
    const tests::ScratchDirectory place;
    const StoreOptions options{.targets = {{form, place.path("store")},
                                           {Form::mbox, place.path("mbox")},
                                           {Form::jsonl, place.path("jsonl")}}};
    Stores stores(options);
    Keeper keeper(stores);
    const FolderLayout layout = form == Form::maildir ? maildir_layout(place.path("store"))
                                                      : eml_layout(place.path("store"));
    const std::string taken = layout.directory + "1.M2P3Q1" + layout.suffix;
    std::filesystem::create_directory(taken);
    EXPECT_EQ(settle(keeper, {"a", "b", "c"}), "millrace: warning: message not stored in " +
                                                   std::string(form_name(form)) + ":" +
                                                   place.path("store") + ": Is a directory\n");
    EXPECT_FALSE(kept);
    std::filesystem::remove(taken);
    EXPECT_TRUE(names_in(layout.directory).empty());
    EXPECT_TRUE(names_in(layout.part_directory).empty());
    EXPECT_EQ(file_text(place.path("mbox")), "");
    EXPECT_EQ(file_text(place.path("jsonl")), "");
    EXPECT_EQ(settle(keeper, {"a", "b", "c"}), "");
    EXPECT_TRUE(kept);
    EXPECT_EQ(names_in(layout.directory).size(), 3U);
  }
}

TEST_F(KeeperTest, LeavesNothingOfWhatIsNotToStay) {
  const StoreOptions options{.targets = {{Form::maildir, scratch.path("maildir")},
                                         {Form::mbox, scratch.path("mbox")},
                                         {Form::eml, scratch.path("eml")},
                                         {Form::jsonl, scratch.path("jsonl")},
                                         {.form = Form::memory, .path = {}, .most = 10}},
                             .sync = true};
  Stores stores(options);
  Keeper keeper(stores);
  for (auto& message : test::kept_messages({"a", "b"})) keeper.await(std::move(message));
  EXPECT_TRUE(keeper.add());
  keeper.decide(false);
  EXPECT_FALSE(keeper.waiting());
  EXPECT_TRUE(names_in(scratch.path("maildir/new")).empty());
  EXPECT_TRUE(names_in(scratch.path("maildir/tmp")).empty());
  EXPECT_TRUE(names_in(scratch.path("eml")).empty());
  EXPECT_EQ(file_text(scratch.path("mbox")), "");
  EXPECT_EQ(file_text(scratch.path("jsonl")), "");
  EXPECT_EQ(stores.memory()->totals().messages, 0U);
}

// The content of a file by one call, its name by another.
TEST_F(KeeperTest, HasEachFileOnTheDiskWhereThatIsAskedFor) {
  for (const Form form : {Form::maildir, Form::eml}) {
    for (const unsigned call : {SYS_fdatasync, SYS_fsync}) {
      for (const bool sync : {false, true}) {
        const tests::ScratchDirectory place;
        const StoreOptions options{.targets = {{form, place.path("store")}}, .sync = sync};
        EXPECT_TRUE(test::holds_where_call_fails(call, EIO, [&] {
          Stores stores(options);
          Keeper keeper(stores);
          settle(keeper, {"a"});
          return kept != sync;
        }));
        std::size_t files = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(place.path())) {
          if (entry.is_regular_file()) ++files;
        }
        EXPECT_EQ(files, sync ? 0U : 1U);
      }
    }
  }
}

TEST_F(KeeperTest, GivesOutMessagesAnew) {
  const StoreOptions options{.targets = {{Form::jsonl, scratch.path("jsonl")}}};
  Stores stores(options);
  Keeper keeper(stores);
  auto message = keeper.lend();
  ASSERT_TRUE(message->hashing);
  message->content.append("x");
  message->recipients = {"a"};
  keeper.give_back(std::move(message));
  message = keeper.lend();
  EXPECT_EQ(message->content.size(), 0U);
  EXPECT_TRUE(message->recipients.empty());
}

TEST_F(KeeperTest, IsNotMadeWhereNothingCanBeWritten) {
  for (const Form form : {Form::maildir, Form::mbox, Form::eml, Form::jsonl}) {
    const StoreOptions options{.targets = {{form, "/proc/no/x"}}};
    try {
      const Stores stores(options);
      ADD_FAILURE() << "made";
    } catch (const Fatal& fatal) {
      EXPECT_STREQ(fatal.what(), "store /proc/no/x: No such file or directory");
    }
  }
}

}  // namespace
}  // namespace millrace::sink
