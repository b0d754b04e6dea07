#include "source/end_to_end_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "base/diagnostics.h"
#include "made_up_sink.h"
#include "proof/journal_file.h"
#include "scratch_directory.h"
#include "silent_workload.h"
#include "source/load.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;
using tests::made_up_header;
using tests::MadeUpSink;
using tests::run_number;
using tests::ScratchDirectory;

constexpr TimePoint kStart{1'000s};  // of the sink, by the clock that it has with the source

// For this thread and those that it starts meanwhile.
class EndingSignalsBlocked {
 public:
  EndingSignalsBlocked() {
    pthread_sigmask(SIG_BLOCK, nullptr, &before_);
    threads::block_ending_signals();
  }
  EndingSignalsBlocked(const EndingSignalsBlocked&) = delete;
  EndingSignalsBlocked& operator=(const EndingSignalsBlocked&) = delete;
  ~EndingSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

class Watching : public testing::Test {
 protected:
  void begin(Duration settle, std::size_t most_waiting = EndToEndWatch::kMostWaiting) {
    watch.emplace(EndToEndOptions{.journals = {path}, .settle = settle},
                  made_up_header(proof::Side::sent, run_number(1)), 1, signals, most_waiting);
    next_run();
  }
  void next_run() {
    shared.emplace(load, 1'000, 1);
    watch->begin(*shared, [this](const std::string& what) { failures.push_back(what); });
    shared->begin(kStart);
    watch->started(shared->end());
  }
  // An attempt, in which the server accepted the message for so many of its recipients.
  void deliver(std::uint64_t message, Duration accepted, std::size_t yes = 1, std::size_t all = 1,
               Duration due = 0us, unsigned attempt = 1) {
    Delivery delivery;
    delivery.begin(message, attempt, all);
    delivery.intended = kStart + due;
    delivery.transactions.push_back({.sent = kStart, .over = kStart + accepted});
    for (std::size_t i = 0; i < all; ++i) {
      delivery.recipients[i].fate = i < yes ? Fate::accepted : Fate::refused;
      delivery.recipients[i].transaction = 0;
    }
    watch->of_worker(0).delivered(delivery, workload, kStart + accepted);
  }
  std::optional<metrics::EndToEnd> finish() {
    testing::internal::CaptureStderr();
    auto found = watch->finish();
    watch->let_go();
    told = testing::internal::GetCapturedStderr();
    return found;
  }

  const ScratchDirectory scratch;
  const std::string path = scratch.path("got.proof");
  const tests::SilentWorkload workload{{}, nullptr};  // nobody asks it
  const EndingSignalsBlocked blocked;
  threads::SignalWatch signals;
  Load load{.schedule = {{.name = "x", .length = Stage::kEndless, .from = 1, .to = 1}}};
  std::optional<SharedLoad> shared;
  std::vector<std::string> failures;
  std::string told;
  std::optional<EndToEndWatch> watch;
};

TEST_F(Watching, FindsWhatArrivedOfEachRun) {
  MadeUpSink sink(path, 7);
  begin(1h);
  deliver(1, 5us);
  sink.take(1);
  auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->asked, 1U);
  EXPECT_EQ(found->arrived, 1U);
  EXPECT_EQ(found->latency.most(), 10U);
  next_run();
  deliver(2, 5us);
  deliver(3, 5us);
  sink.take(2);
  sink.take(3, run_number(1), true);
  found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->accepted, 2U);
  EXPECT_EQ(found->arrived, 1U);
  EXPECT_EQ(found->bounced, 1U);
  EXPECT_TRUE(failures.empty());
  EXPECT_EQ(told, "");
}

// However long it is: no run begins while it is read. Nothing of it can be of this stamp.
TEST_F(Watching, WhatAJournalHasAlreadyIsReadBeforeThereIsARun) {
  MadeUpSink sink(path, 7);
  for (std::uint64_t message = 1; message <= 2'000; ++message) sink.take(message);
  begin(0s);
  deliver(2'000, 5us);
  auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->arrived, 0U);
  next_run();
  deliver(2'001, 5us);
  sink.take(2'001);
  found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->arrived, 1U);
  watch.reset();
  std::ofstream(path, std::ios::binary | std::ios::trunc) << "Subject: x\n";
  EXPECT_THROW(begin(0s), Fatal);
}

TEST_F(Watching, CountsCopiesThatTheServerRefused) {
  MadeUpSink sink(path, 7);
  begin(1h);
  deliver(1, 5us, 1, 10);
  sink.take(1);
  const auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->asked, 10U);
  EXPECT_EQ(found->accepted, 1U);
  EXPECT_DOUBLE_EQ(found->missing_share(), 0.9);
}

// Not when the last worker was done, by when all may be there.
TEST_F(Watching, WithoutAScheduleTheLoadWasOverWithTheLastThatWasAccepted) {
  MadeUpSink sink(path, 7);
  begin(1h);
  for (const std::uint64_t message : {1, 5, 6}) {
    deliver(message, message == 6 ? 20us : 15us);
    sink.take(message);  // at 10, 50 and 60 us
  }
  const auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->arrived, 3U);
  EXPECT_EQ(found->backlog, 2U);
}

// Of all attempts of messages that were due in a stage that is measured; the backlog of all there
// are. What is accepted behind the schedule is in none.
TEST_F(Watching, KnowsStagesAndAttempts) {
  load.schedule = {{.name = "warm-up", .length = 100us, .from = 1, .to = 1, .measured = false},
                   {.name = "x", .length = 100us, .from = 1, .to = 1}};
  MadeUpSink sink(path, 7);
  begin(1h);
  deliver(30, 50us, 1, 1, 10us);
  deliver(12, 115us, 1, 3, 110us);
  deliver(12, 150us, 1, 2, 110us, 2);
  deliver(22, 160us, 1, 1, 150us);
  deliver(40, 195us, 1, 1, 190us);
  deliver(41, 250us, 2, 2, 199us);
  for (const std::uint64_t message : {30, 12, 12, 22, 40, 41, 41}) sink.take(message);
  const auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->asked, 7U);
  EXPECT_EQ(found->accepted, 6U);
  EXPECT_EQ(found->arrived, 6U);
  EXPECT_EQ(found->backlog, 3U);  // 30, 22 and 40
}

// Whose backlog is of that moment: of what was accepted behind it there is none.
TEST_F(Watching, ASignalEndsTheLoad) {
  kill(getpid(), SIGTERM);
  while (signals.first() == 0) std::this_thread::yield();
  const Duration now = Clock::now() - kStart;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  MadeUpSink sink(path, 7, seconds.count());
  const auto later = static_cast<std::uint64_t>((now - seconds) / 10us) + 2;
  const Duration then = seconds + later * 10us;
  begin(1h);
  deliver(later, 5us, 2, 2);
  deliver(later + 2, then + 5us);
  while (Clock::now() < kStart + then + 20us) std::this_thread::yield();
  sink.take(later);  // twice
  sink.take(later);
  sink.take(later + 2);
  const auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->arrived, 3U);
  EXPECT_EQ(found->backlog, 2U);
}

// Though nothing has been accepted for a while: what arrived meanwhile is in no backlog.
TEST_F(Watching, TheBacklogIsOfTheMomentOfASignal) {
  const Duration now = Clock::now() - kStart;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  MadeUpSink sink(path, 7, seconds.count());
  const auto message = static_cast<std::uint64_t>((now - seconds) / 10us);
  begin(1h);
  deliver(message, seconds + message * 10us - 5us);
  sink.take(message);
  kill(getpid(), SIGTERM);
  while (signals.first() == 0) std::this_thread::yield();
  const auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->arrived, 1U);
  EXPECT_EQ(found->backlog, 0U);
}

TEST_F(Watching, FollowsSoManyThatHaveNotArrived) {
  MadeUpSink sink(path, 7);
  begin(0s, 2);
  deliver(1, 5us, 5, 5);
  deliver(2, 5us);
  deliver(3, 5us);
  EXPECT_FALSE(finish());
  EXPECT_EQ(failures, std::vector<std::string>{"more than 2 messages that the server accepted have "
                                               "not arrived: too many to follow"});
  EXPECT_FALSE(watch->waiting());
}

// While more may be accepted, by which they would be in no backlog.
TEST_F(Watching, FollowsSoManyCopiesThatArriveWhileNoneIsAccepted) {
  MadeUpSink sink(path, 7);
  begin(1h, 2);
  std::promise<std::string> failed;
  shared.emplace(load, 1'000, 1);
  watch->begin(*shared, [&](const std::string& what) { failed.set_value(what); });
  deliver(1, 5us, 3, 3);
  for (int copy = 0; copy < 3; ++copy) sink.take(1);
  EXPECT_EQ(
      failed.get_future().get(),
      "more than 2 copies have arrived since the server last accepted one: too many to follow");
  EXPECT_FALSE(finish());
}

// Their number is then all that is to be known.
TEST_F(Watching, FollowsAnyNumberOfCopiesThatArriveBehindTheLoad) {
  load.schedule = {{.name = "x", .length = 100us, .from = 1, .to = 1}};
  MadeUpSink sink(path, 7);
  begin(1h, 2);
  deliver(20, 5us, 1'000, 1'000);
  for (int copy = 0; copy < 1'000; ++copy) sink.take(20);
  const auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->arrived, 1'000U);
  EXPECT_EQ(found->backlog, 1'000U);
  EXPECT_TRUE(failures.empty());
}

TEST_F(Watching, WhatASinkThatIsStillThereHasNotTakenIsMissing) {
  MadeUpSink sink(path, 7);
  sink.take_forged();  // of another run
  begin(0s);
  sink.take_forged();
  deliver(1, 5us);
  const auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->not_arrived(), 1U);
  EXPECT_EQ(found->backlog, 1U);
  EXPECT_NE(told.find("1 of what the server accepted had not arrived 0 s behind the run "
                      "(--settle), and counts as missing\n"),
            std::string::npos)
      << told;
  EXPECT_NE(told.find(" has 1 that its sink did not believe the stamps of: its key is another one "
                      "(--stamp-key)"),
            std::string::npos)
      << told;
  EXPECT_EQ(watch->waiting(), 1U);
}

// Somebody has made it up: another key than the source's believes nothing of this run.
TEST_F(Watching, ASinkThatBelievesOtherStampsHasTheKey) {
  MadeUpSink sink(path, 7);
  begin(0s);
  sink.take_forged();
  sink.take(1);
  deliver(1, 5us);
  deliver(2, 5us);
  EXPECT_TRUE(finish());
  EXPECT_NE(
      told.find(path + " has forged stamps: 1 that its sink did not believe, beside 1 that it "
                       "did\n"),
      std::string::npos)
      << told;
  EXPECT_EQ(told.find("--stamp-key"), std::string::npos) << told;
}

TEST_F(Watching, TellsOnceOfASinkWithoutAKey) {
  proof::JournalHeader header = made_up_header(proof::Side::taken, run_number(7));
  header.unchecked = 1;
  MadeUpSink sink(path, header);
  testing::internal::CaptureStderr();
  begin(1h);
  deliver(1, 5us);
  sink.take(1);
  watch->finish();
  next_run();
  watch->finish();
  watch->let_go();
  const std::string all = testing::internal::GetCapturedStderr();
  const std::string sentence =
      ": its sink has no key, so that anybody's stamp counts as an arrival (--stamp-key)\n";
  const std::size_t first = all.find(path + sentence);
  EXPECT_NE(first, std::string::npos) << all;
  EXPECT_EQ(all.find(sentence, first + path.size() + 1), std::string::npos) << all;
}

TEST_F(Watching, OfWhatIsMissingNothingIsKnownWhereTheSinkHasEnded) {
  {
    MadeUpSink sink(path, 7);
    begin(1h);
    sink.take(1);
  }
  deliver(1, 5us);
  EXPECT_TRUE(finish());  // all is there
  next_run();
  deliver(2, 5us);
  EXPECT_FALSE(finish());
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0], path +
                             ": its sink has ended, and what became of 1 that the server "
                             "accepted is not known");
  EXPECT_FALSE(watch->waiting());
}

// In place or behind its name: an empty file is nobody's.
TEST_F(Watching, OfWhatIsMissingNothingIsKnownWhereTheJournalOfASinkThatHasEndedWasEmptied) {
  for (const bool moved : {false, true}) {
    failures.clear();
    {
      const MadeUpSink sink(path, 7);
      begin(0s);
    }
    deliver(1, 5us);
    if (moved) std::filesystem::rename(path, scratch.path("old"));
    std::ofstream(path, std::ios::trunc).flush();
    EXPECT_FALSE(finish()) << moved;
    EXPECT_EQ(failures, std::vector{path + ": its sink has ended, and what became of 1 that the "
                                           "server accepted is not known"})
        << moved;
  }
}

// Where it goes on is the file that was moved away.
TEST_F(Watching, WhatASinkThatIsStillThereHasNotTakenIsMissingThoughItsJournalWasMoved) {
  MadeUpSink sink(path, 7);
  begin(0s);
  std::filesystem::rename(path, scratch.path("old"));
  std::ofstream(path).flush();
  deliver(1, 5us);
  deliver(2, 5us);
  sink.take(1);
  const auto found = finish();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->not_arrived(), 1U);
}

TEST_F(Watching, OfWhatIsMissingNothingIsKnownWhereThereIsNoJournal) {
  begin(0s);
  deliver(1, 5us);
  EXPECT_FALSE(finish());
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_TRUE(failures[0].starts_with(path + ": no sink has begun its journal")) << failures[0];
}

// However short the time to settle: what is not damaged for long is not known to be whole, either.
TEST_F(Watching, OfWhatIsMissingNothingIsKnownBehindADamagedBlock) {
  MadeUpSink sink(path, 7);
  std::ofstream(path, std::ios::binary | std::ios::app) << std::string(16, 'x');
  begin(0s);
  deliver(1, 5us);
  EXPECT_FALSE(finish());
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_TRUE(failures[0].starts_with(path + ": its end is damaged")) << failures[0];
}

TEST_F(Watching, EndsARunWhoseJournalCannotBeReadAndEveryOneBehindIt) {
  begin(1h);
  deliver(1, 5us);
  std::promise<std::string> failed;
  shared.emplace(load, 1'000, 1);
  watch->begin(*shared, [&](const std::string& what) { failed.set_value(what); });
  std::ofstream(scratch.path("new")) << "Subject: x\n";
  std::filesystem::rename(scratch.path("new"), path);
  const std::string why = path + ": no journal: it does not begin as one";
  EXPECT_EQ(failed.get_future().get(), why);
  EXPECT_FALSE(watch->waiting());
  EXPECT_FALSE(finish());
  next_run();
  EXPECT_EQ(failures, std::vector{why});
}

TEST(SinkJournals, AreToBeDifferentOnes) {
  const ScratchDirectory scratch;
  const std::string one = scratch.path("one");
  const std::string other = scratch.path("other");
  const proof::JournalFile journal(one, proof::header_now(proof::Side::taken, run_number(7)));
  EXPECT_NO_THROW(check_sink_journals({.journals = {one, other}}));
  std::filesystem::create_hard_link(one, other);
  try {
    check_sink_journals({.journals = {one, other}});
    FAIL();
  } catch (const Fatal& error) {
    EXPECT_EQ(error.what(), one + " and " + other + " are the same journal");
  }
}

}  // namespace
}  // namespace millrace::source
