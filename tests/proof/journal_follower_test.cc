#include "proof/journal_follower.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "made_up_journal.h"
#include "made_up_sink.h"
#include "proof/journal_file.h"
#include "scratch_directory.h"

namespace millrace::proof {
namespace {

using tests::made_up_header;
using tests::MadeUpSink;
using tests::run_number;
using tests::ScratchDirectory;

const RunId kOurs = run_number(1);
const RunId kOthers = run_number(2);

class JournalFollowing : public testing::Test {
 protected:
  // The messages that came since the last time.
  std::vector<std::uint64_t> news() {
    std::vector<std::uint64_t> messages;
    follower_.poll([&](const TakenCopy& copy) {
      messages.push_back(copy.message);
      last_ = copy;
    });
    return messages;
  }
  std::string complaint() {
    try {
      news();
    } catch (const Fatal& error) {
      return error.what();
    }
    return {};
  }
  void write(std::string_view bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }

  using Messages = std::vector<std::uint64_t>;

  ScratchDirectory scratch_;
  const std::string path_ = scratch_.path("got.proof");
  JournalFollower follower_{path_, made_up_header(Side::sent, kOurs)};
  TakenCopy last_;
};

TEST_F(JournalFollowing, TellsOfWhatCameSinceTheLastTime) {
  MadeUpSink sink(path_, 7);
  EXPECT_EQ(news(), Messages{});
  sink.take(1);
  sink.take(2);
  EXPECT_EQ(news(), (Messages{1, 2}));
  EXPECT_EQ(last_.at, Micros(1'000'000'020));  // by the clock that both have
  EXPECT_FALSE(last_.bounced);
  EXPECT_EQ(news(), Messages{});
  sink.take(3, kOurs, true);
  EXPECT_EQ(news(), Messages{3});
  EXPECT_TRUE(last_.bounced);
  sink.close();
  EXPECT_EQ(news(), Messages{});
}

TEST_F(JournalFollowing, KnowsItsOwnRunAlone) {
  MadeUpSink sink(path_, 7);
  sink.take(1, kOthers);
  sink.take(2, kOurs);
  sink.take(3, kOthers);
  EXPECT_EQ(news(), Messages{2});
}

TEST_F(JournalFollowing, WaitsForAFileThatIsNotThereYet) {
  EXPECT_EQ(news(), Messages{});
  EXPECT_FALSE(follower_.seen());
  write("");  // made, and nothing in it yet
  EXPECT_EQ(news(), Messages{});
  write(std::string_view(JournalHeader::kMagic.data(), 5));
  EXPECT_EQ(news(), Messages{});
  EXPECT_FALSE(follower_.seen());
  write("");
  MadeUpSink sink(path_, 7);
  sink.take(1);
  EXPECT_EQ(news(), Messages{1});
  EXPECT_TRUE(follower_.seen());
}

TEST_F(JournalFollowing, LeavesABlockThatIsNotWholeForTheNextTime) {
  MadeUpSink sink(path_, 7);
  sink.take(1);
  const std::string before = read_file(path_);
  sink.take(2);
  const std::string whole = read_file(path_);
  for (std::size_t length = before.size() + 1; length < whole.size(); ++length) {
    JournalFollower follower(path_, made_up_header(Side::sent, kOurs));
    Messages messages;
    const auto found = [&](const TakenCopy& copy) { messages.push_back(copy.message); };
    write(whole.substr(0, length));
    follower.poll(found);
    EXPECT_EQ(messages, Messages{1}) << length;
    write(before);  // it found no room, and was cut off
    follower.poll(found);
    write(whole);
    follower.poll(found);
    EXPECT_EQ(messages, (Messages{1, 2})) << length;
  }
}

// What the kernel shows of a block while it is written may be wrong for a moment.
TEST_F(JournalFollowing, IsPatientWithABlockThatIsDamaged) {
  MadeUpSink sink(path_, 7);
  sink.take(1);
  EXPECT_EQ(news(), Messages{1});
  sink.take(2);
  const std::string whole = read_file(path_);
  std::string damaged = whole;
  damaged.back() ^= 1;
  write(damaged);
  for (unsigned i = 1; i < GrowingJournal::kDoubts; ++i) EXPECT_EQ(complaint(), "");
  write(whole);
  EXPECT_EQ(news(), Messages{2});
  sink.take(3);
  write(whole + std::string(16, 'x'));
  for (unsigned i = 1; i < GrowingJournal::kDoubts; ++i) EXPECT_EQ(complaint(), "");
  EXPECT_EQ(complaint(),
            path_ + ": damaged at " + std::to_string(whole.size()) + ": no block begins here");
}

TEST_F(JournalFollowing, NoticesThatWhatItHasReadWasCutOff) {
  MadeUpSink sink(path_, 7);
  sink.take(1);
  const std::string before = read_file(path_);
  sink.take(2);
  EXPECT_EQ(news(), (Messages{1, 2}));
  const std::string whole = read_file(path_);
  for (const std::size_t length : {before.size(), sizeof(JournalHeader), std::size_t{0}}) {
    write(whole.substr(0, length));
    for (unsigned i = 1; i < GrowingJournal::kDoubts; ++i) ASSERT_EQ(complaint(), "") << length;
    EXPECT_TRUE(follower_.doubtful());
    EXPECT_EQ(complaint(), path_ + ": damaged at " + std::to_string(whole.size()) +
                               ": what was there was cut off");
    write(whole);
    EXPECT_EQ(news(), Messages{});
    EXPECT_FALSE(follower_.doubtful());
  }
}

TEST_F(JournalFollowing, BeginsAnewWithASinkThatDoes) {
  {
    MadeUpSink sink(path_, 7);
    sink.take(1);
    EXPECT_EQ(news(), Messages{1});
    sink.take(2);  // is still read
  }
  std::filesystem::rename(path_, scratch_.path("old"));
  {
    MadeUpSink sink(path_, 8, 5);
    sink.take(3, kOthers);  // so that runs have other numbers
    sink.take(4);
    EXPECT_EQ(news(), (Messages{2, 4}));
    EXPECT_EQ(last_.at, Micros(1'005'000'040));
  }
  write("");  // the next one in the same file, which is longer than the last one was
  MadeUpSink sink(path_, 9);
  for (std::uint64_t message = 10; message < 20; ++message) sink.take(message);
  EXPECT_EQ(news().size(), 10U);
}

// As where journals are rolled: the old sink finishes what it is at beside the new one.
TEST_F(JournalFollowing, ReadsAFileThatWasMovedAwayUntilItsSinkHasEnded) {
  std::optional<MadeUpSink> old(std::in_place, path_, 7);
  old->take(1);
  EXPECT_EQ(news(), Messages{1});
  std::filesystem::rename(path_, scratch_.path("old"));
  MadeUpSink sink(path_, 8);
  sink.take(2);
  EXPECT_EQ(news(), Messages{2});
  old->take(3);
  old->take_forged();
  sink.take(4);
  EXPECT_EQ(news(), (Messages{4, 3}));
  EXPECT_EQ(follower_.stamps().forged, 1U);
  EXPECT_FALSE(follower_.given_up());
  old->take(5);
  old.reset();
  sink.take(6);
  EXPECT_EQ(news(), (Messages{6, 5}));
  EXPECT_EQ(news(), Messages{});
  EXPECT_FALSE(follower_.given_up());
}

// What a sink that ended has left there is not known to be whole.
TEST_F(JournalFollowing, DoubtsAFileThatWasMovedAwayAndIsDamaged) {
  {
    MadeUpSink old(path_, 7);
    old.take(1);
    EXPECT_EQ(news(), Messages{1});
  }
  std::ofstream(path_, std::ios::binary | std::ios::app) << std::string(16, 'x');
  std::filesystem::rename(path_, scratch_.path("old"));
  const MadeUpSink sink(path_, 8);
  EXPECT_EQ(news(), Messages{});
  EXPECT_TRUE(follower_.doubtful());
}

TEST_F(JournalFollowing, LeavesAFileThatNobodyHasBegunForOneOfItsName) {
  write("");
  EXPECT_EQ(news(), Messages{});
  std::filesystem::rename(path_, scratch_.path("old"));
  MadeUpSink sink(path_, 7);
  sink.take(1);
  EXPECT_EQ(news(), Messages{1});
}

TEST_F(JournalFollowing, KnowsWhetherItsSinkIsStillThere) {
  EXPECT_FALSE(follower_.given_up());  // nobody has begun it
  {
    MadeUpSink sink(path_, 7);
    EXPECT_EQ(news(), Messages{});
    EXPECT_FALSE(follower_.given_up());
  }  // without an end
  EXPECT_TRUE(follower_.given_up());
  std::filesystem::remove(path_);
  EXPECT_EQ(news(), Messages{});
  EXPECT_TRUE(follower_.given_up());
  const MadeUpSink next(path_, 8);
  EXPECT_EQ(news(), Messages{});
  EXPECT_FALSE(follower_.given_up());
}

TEST_F(JournalFollowing, CountsStampsThatWereBelievedAndThoseOfAnotherKey) {
  MadeUpSink sink(path_, 7);
  sink.take_forged();
  sink.take(1);
  sink.take(1, kOthers);
  EXPECT_EQ(news(), Messages{1});
  EXPECT_EQ(follower_.stamps().forged, 1U);
  EXPECT_EQ(follower_.stamps().believed, 2U);
}

TEST_F(JournalFollowing, PassesOverWhatIsThere) {
  MadeUpSink sink(path_, 7);
  sink.take_forged();
  sink.take(1);
  follower_.skip();
  EXPECT_EQ(follower_.stamps().forged, 0U);
  EXPECT_EQ(follower_.stamps().believed, 0U);
  sink.take(2);
  EXPECT_EQ(news(), Messages{2});
}

TEST_F(JournalFollowing, RefusesATimeThatNoClockHas) {
  for (const std::int64_t start : {std::int64_t{-1}, std::int64_t{9'000'000'000'000'000}}) {
    write("");
    JournalHeader header = made_up_header(Side::taken, run_number(7));
    header.start_monotonic = start;
    { const JournalFile sink(path_, header); }
    EXPECT_EQ(complaint(), path_ + ": it begins at a time that no clock has") << start;
  }
}

TEST_F(JournalFollowing, RefusesWhatIsNoJournalOfASinkOnThisHost) {
  write("Subject: x\n");
  EXPECT_EQ(complaint(), path_ + ": no journal: it does not begin as one");
  write("");
  { JournalFile source(path_, made_up_header(Side::sent, kOthers)); }
  EXPECT_EQ(complaint(), path_ + ": the journal of a source, where that of a sink is wanted");
  for (const std::uint64_t boot : {0, 2}) {
    write("");
    { const MadeUpSink sink(path_, 7, 0, boot); }
    EXPECT_TRUE(complaint().starts_with(path_ + ": the journal of a sink on another host")) << boot;
  }
}

TEST_F(JournalFollowing, WithoutABootOfItsOwnBelievesNoClock) {
  const MadeUpSink sink(path_, 7, 0, 0);
  JournalFollower follower(path_, made_up_header(Side::sent, kOurs, 0, 0));
  EXPECT_THROW(follower.poll([](const TakenCopy&) {}), Fatal);
}

}  // namespace
}  // namespace millrace::proof
