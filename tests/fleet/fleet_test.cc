// One rank of a run whose other ranks are made up; its clock and its signals are real.
#include "fleet/fleet.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <future>
#include <memory>
#include <thread>

#include "made_up_post.h"

namespace millrace::fleet {
namespace {

using namespace std::chrono_literals;
using test::MadeUpMail;

constexpr unsigned kRanks = 3;

// Signals wait for whoever takes them, as in the program.
class FleetTest : public testing::Test {
 protected:
  FleetTest() {
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    threads::block_ending_signals();
    signals.emplace();
  }
  ~FleetTest() override {
    fleet.reset();
    signals.reset();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    signal(SIGPIPE, SIG_DFL);
  }

  // `patience`: of mpirun behind a SIGTERM.
  void be(unsigned rank, Duration patience = 1h) {
    mail = std::make_shared<MadeUpMail>(rank, kRanks);
    mail->unread = unread;
    fleet.emplace([mail = mail] { return std::make_unique<test::MadeUpPost>(mail); }, *signals,
                  patience);
  }
  // The other ranks are ready, by the clock of this host.
  void be_ready(unsigned rank) {
    mail->come(rank, Subject::ready, " host");
    for (unsigned trip = 0; trip < OffsetMeter::kTrips; ++trip) {
      const std::string began = mail->next(rank, Subject::ping).text;
      mail->come(rank, Subject::pong, began + " " + began);
    }
  }
  void begin() {
    auto start = std::async(std::launch::async, [this] { return fleet->agree({.host = "here"}); });
    for (unsigned rank = 1; rank < kRanks; ++rank) be_ready(rank);
    ASSERT_TRUE(start.get());
  }
  static void wait_for(const std::function<bool()>& come) {
    while (!come()) std::this_thread::sleep_for(1ms);
  }

  sigset_t before{};
  std::optional<threads::SignalWatch> signals;
  unsigned unread = 0;  // letters by the others, from the beginning
  std::shared_ptr<MadeUpMail> mail;
  std::optional<Fleet> fleet;
};

TEST_F(FleetTest, BringsTogetherWhatAllHaveMeasured) {
  be(0);
  fleet->open("seed 7", std::nullopt);
  EXPECT_EQ(mail->next(2, Subject::opening).text, "seed 7");
  begin();
  mail->come(1, Subject::result, "0one");
  mail->come(2, Subject::result, "0two");
  const auto ranks = fleet->gather(0);
  EXPECT_EQ(ranks[1].result, "one");
  EXPECT_EQ(ranks[2].result, "two");
  auto whole = std::async(std::launch::async, [this] { return fleet->close(); });
  for (unsigned rank = 1; rank < kRanks; ++rank) {
    EXPECT_EQ(mail->next(rank, Subject::next).text, "");
    EXPECT_EQ(mail->count(rank, Subject::over), 0U);
    mail->come(rank, Subject::result, "0");
  }
  EXPECT_TRUE(whole.get());
  EXPECT_EQ(mail->next(1, Subject::over).text, "1");
  EXPECT_TRUE(mail->is_closed);
  EXPECT_EQ(signals->first(), 0);
}

TEST_F(FleetTest, ClosesNothingWithOneThatIsGoneWhenAllIsReported) {
  be(0);
  begin();
  for (unsigned rank = 1; rank < kRanks; ++rank) mail->come(rank, Subject::result, "0x");
  EXPECT_EQ(fleet->gather(0)[2].result, "x");
  auto whole = std::async(std::launch::async, [this] { return fleet->close(); });
  mail->next(1, Subject::next);
  mail->come(1, Subject::result, "0");
  mail->come(2, Subject::gone);
  EXPECT_FALSE(whole.get());
  EXPECT_FALSE(mail->is_closed);
  EXPECT_EQ(fleet->known()[2].trouble, "");
}

TEST_F(FleetTest, CallsTheRollBehindTheLastOfSeveral) {
  be(0);
  fleet->open_several("seed 7");
  auto ranks = std::async(std::launch::async, [this] { return fleet->finish(0); });
  mail->next(1, Subject::next);
  mail->come(1, Subject::result, "0");
  mail->come(2, Subject::gone);
  EXPECT_EQ(ranks.get()[2].trouble, "was not there any more");
}

// Other ranks would take it for gone while it waits.
TEST_F(FleetTest, GoesOnWhereNobodyReadsWhatItSays) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_NONBLOCK), 0);
  while (write(ends[1], "x", 1) == 1) continue;
  ASSERT_EQ(fcntl(ends[1], F_SETFL, 0), 0);
  const int usual = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  be(0);
  mail->come(1, Subject::said, "warning: x");
  begin();
  signal(SIGPIPE, SIG_IGN);
  close(ends[0]);  // what it says in the end waits for nobody
  fleet.reset();
  dup2(usual, STDERR_FILENO);
  close(usual);
  close(ends[1]);
}

TEST_F(FleetTest, EndsItsRunAsAnotherRankHasEnded) {
  be(0);
  begin();
  mail->come(1, Subject::trouble, "gave up");
  wait_for([this] { return signals->first() != 0; });
  EXPECT_EQ(signals->first(), SIGINT);
  EXPECT_EQ(mail->next(2, Subject::end).text, "2");
}

// The program would be gone if they counted: the third ends it at once.
TEST_F(FleetTest, LeavesItsUserAllSignalsWhereOtherRanksEndTheRun) {
  be(1);
  for (const char* const end : {"1", "2"}) mail->come(0, Subject::end, end);
  wait_for([this] { return signals->first() != 0; });
  std::promise<void> second;
  signals->hand_on([&](unsigned number) {
    if (number == 2) second.set_value();
  });
  second.get_future().wait();
  kill(getpid(), SIGTERM);
  wait_for([this] { return signals->terminated_at() != TimePoint::max(); });
  signals->hand_on({});
}

TEST_F(FleetTest, ReportsBeforeItIsKilledWhateverHasEndedItBefore) {
  be(0, 400ms);
  begin();
  mail->come(1, Subject::result, "1one");
  wait_for([this] { return signals->first() != 0; });
  kill(getpid(), SIGTERM);
  const auto ranks = fleet->gather(1);
  EXPECT_EQ(ranks[1].result, "one");
  EXPECT_EQ(ranks[2].trouble, "was not done when the run had to end");
  EXPECT_FALSE(fleet->close());
}

TEST_F(FleetTest, FollowsRank0ToTheEnd) {
  be(1);
  mail->come(0, Subject::opening, "seed 7");
  EXPECT_EQ(fleet->opening(), "seed 7");
  mail->come(0, Subject::start, "5");
  EXPECT_EQ(fleet->agree({.host = "here"})->time_since_epoch(), 5us);
  EXPECT_EQ(mail->next(0, Subject::ready).text, " here");
  auto told = std::async(std::launch::async, [this] { return fleet->hand_in(0, "mine"); });
  EXPECT_EQ(mail->next(0, Subject::result).text, "0mine");
  mail->come(0, Subject::over, "1");
  EXPECT_TRUE(told.get());
  fleet.reset();
  EXPECT_TRUE(mail->is_closed);
}

TEST_F(FleetTest, SendsOnlyWhatMattersToARankThatReadsNothing) {
  // With the second it is known what became of the first.
  const auto say = [this] {
    for (int times = 0; times < 2; ++times) {
      fleet->say("warning: x");
      mail->next(0, Subject::said);
    }
  };
  unread = kUnread;
  be(1);
  say();
  fleet->tell({.number = 1});
  say();
  EXPECT_EQ(mail->count(0, Subject::second), 0U);
  mail->unread = kUnread - 1;
  say();
  fleet->tell({.number = 2});
  mail->next(0, Subject::second);
  mail->unread = 0;
}

TEST_F(FleetTest, SendsNoMoreOfWhatItHandsOutThanIsRead) {
  unread = kUnread;
  be(0);
  fleet->open(std::string(9 * kPiece, 'x'), std::nullopt);
  mail->come(1, Subject::ready, " host");
  mail->next(1, Subject::ping);
  mail->come(1, Subject::ready, " host");
  mail->next(1, Subject::ping);
  EXPECT_EQ(mail->count(1, Subject::piece), 0U) << "other letters get through";
  mail->unread = 0;
  mail->next(1, Subject::opening);
  EXPECT_EQ(mail->count(1, Subject::piece), 8U);
}

TEST_F(FleetTest, LetsGoAtItsEndWhoWaitsForAQuota) {
  be(1);
  threads::QuotaShare quota;
  fleet->share({&quota});
  auto taken = std::async(std::launch::async, [&] { return quota.take(); });
  mail->next(0, Subject::ask);
  mail->come(0, Subject::end, "1");
  EXPECT_EQ(taken.wait_for(20s), std::future_status::ready);
  quota.close();
  EXPECT_FALSE(taken.get());
  fleet.reset();
}

TEST_F(FleetTest, ThrowsWhatThePostThrows) {
  const auto no_post = []() -> std::unique_ptr<Post> { throw std::runtime_error("no MPI"); };
  EXPECT_THROW(Fleet(no_post, *signals, 1s), std::runtime_error);
}

}  // namespace
}  // namespace millrace::fleet
