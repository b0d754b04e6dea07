#include "threads/worker_threads.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::threads {
namespace {

using namespace std::chrono_literals;

// A worker without work: it turns its loop until it is to end, and tells what happens to it.
class MadeUp final : public Worker {
 public:
  struct Tale {
    std::atomic<unsigned> made{0};
    std::atomic<unsigned> ran{0};
    std::atomic<unsigned> woken{0};    // without having to end
    std::atomic<unsigned> orderly{0};  // workers that were to end in order
    std::atomic<unsigned> at_once{0};
    std::atomic<unsigned> destroyed{0};
    bool lingers = false;  // they go on after they were to end in order
  };

  MadeUp(Tale& tale, std::function<void()> first_turn)
      : Worker(*net::find_engine("epoll")), tale_(tale), first_turn_(std::move(first_turn)) {
    ++tale_.made;
  }
  ~MadeUp() override {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    ++tale_.destroyed;
  }

  void run() override {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    ++tale_.ran;
    if (first_turn_) first_turn_();
    while (!over_) loop().turn();
  }

  void woken(Urgency urgency) override {
    EXPECT_EQ(std::this_thread::get_id(), thread_);
    if (urgency == Urgency::none) ++tale_.woken;
    if (urgency == Urgency::orderly && seen_ != urgency) ++tale_.orderly;
    if (urgency == Urgency::at_once && seen_ != urgency) ++tale_.at_once;
    seen_ = urgency;
    over_ = urgency == Urgency::at_once || (urgency == Urgency::orderly && !tale_.lingers);
  }

 private:
  Tale& tale_;
  const std::function<void()> first_turn_;
  const std::thread::id thread_ = std::this_thread::get_id();
  Urgency seen_ = Urgency::none;
  bool over_ = false;
};

class WorkerThreadsTest : public testing::Test {
 protected:
  static constexpr unsigned kThreads = 3;

  // The signals are blocked in all threads while a test runs.
  WorkerThreadsTest() {
    pthread_sigmask(SIG_SETMASK, nullptr, &before_);
    block_ending_signals();
    signals.emplace(Patience{.moment = 0ms, .grace = 1h});
    workers.emplace(kThreads, *signals);
  }
  ~WorkerThreadsTest() override {
    workers.reset();
    signals.reset();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  // `first_turn`: what each does when it begins to run.
  WorkerThreads::MakeWorker make(std::function<void(unsigned)> first_turn = {}) {
    return [this, first_turn](unsigned number) {
      std::function<void()> turn;
      if (first_turn) turn = [first_turn, number] { first_turn(number); };
      return std::make_unique<MadeUp>(tale, turn);
    };
  }

  // What start() or join() throws.
  template <typename Call>
  static std::string failure_of(Call call) {
    try {
      call();
    } catch (const std::exception& error) {
      return error.what();
    }
    return {};
  }

  static void wait_for(const std::function<bool()>& condition) {
    for (const TimePoint limit = Clock::now() + 30s; !condition();) {
      ASSERT_LT(Clock::now(), limit);
      std::this_thread::sleep_for(1ms);
    }
  }

  MadeUp::Tale tale;
  std::optional<SignalWatch> signals;
  std::optional<WorkerThreads> workers;

 private:
  sigset_t before_{};
};

TEST_F(WorkerThreadsTest, NoneRunsBeforeAllAreThereAndMayGo) {
  workers->start(make());
  EXPECT_EQ(tale.made, kThreads);
  EXPECT_EQ(tale.ran, 0U);
  workers->go();
  wait_for([this] { return tale.ran == kThreads; });
  EXPECT_FALSE(workers->wait_until(Clock::now() + 1ms));
  workers->end(Urgency::orderly);
  EXPECT_TRUE(workers->wait_until(TimePoint::max()));
  workers->join();
  EXPECT_EQ(tale.destroyed, kThreads);
}

TEST_F(WorkerThreadsTest, NoneIsDestroyedBeforeAllHaveRunToTheirEnds) {
  std::atomic<bool> held = true;
  workers->start(make([&held](unsigned number) {
    while (number == 1 && held) std::this_thread::yield();
  }));
  workers->go();
  workers->end(Urgency::orderly);
  wait_for([this] { return tale.orderly == kThreads - 1; });
  EXPECT_FALSE(workers->wait_until(Clock::now() + 20ms));
  EXPECT_EQ(tale.destroyed, 0U);
  held = false;
  workers->join();
  EXPECT_EQ(tale.destroyed, kThreads);
}

TEST_F(WorkerThreadsTest, WhereOneCannotBeMadeNoneRuns) {
  const auto make_two = [this](unsigned number) {
    if (number == 1) throw Fatal("no second one");
    return std::make_unique<MadeUp>(tale, nullptr);
  };
  EXPECT_EQ(failure_of([&] { workers->start(make_two); }), "no second one");
  EXPECT_LE(tale.made, kThreads - 1);
  EXPECT_EQ(tale.ran, 0U);
  EXPECT_EQ(tale.destroyed, tale.made);
  workers->go();  // nobody
  EXPECT_TRUE(workers->wait_until(TimePoint::max()));
  EXPECT_EQ(failure_of([&] { workers->join(); }), "");
}

// No address space has room for such stacks. (A thread that fails after others have begun:
// tests/programs/connecting_test.py.)
TEST_F(WorkerThreadsTest, AThreadThatCannotStartIsToldByItsNumber) {
  pthread_attr_t usual;
  pthread_attr_t vast;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(pthread_attr_init(&vast), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&vast, std::size_t{1} << 50U), 0);
  ASSERT_EQ(pthread_setattr_default_np(&vast), 0);
  const std::string failure = failure_of([this] { workers->start(make()); });
  pthread_setattr_default_np(&usual);
  EXPECT_EQ(failure, "cannot start thread 1 of 3 (--threads): Resource temporarily unavailable");
  EXPECT_EQ(tale.made, 0U);
}

TEST_F(WorkerThreadsTest, AFailureInOneEndsAllAndIsTold) {
  workers->start(make([](unsigned number) {
    if (number == 2) throw Fatal("the third one fails");
  }));
  workers->go();
  EXPECT_TRUE(workers->wait_until(Clock::now() + 30s));
  EXPECT_EQ(tale.at_once, kThreads - 1);
  EXPECT_EQ(failure_of([this] { workers->join(); }), "the third one fails");
  EXPECT_EQ(tale.destroyed, kThreads);
}

TEST_F(WorkerThreadsTest, AllAreWokenAndGoOn) {
  workers->start(make());
  workers->wake_all();  // kept until they run
  workers->go();
  wait_for([this] { return tale.woken == kThreads; });
  workers->wake_all();
  wait_for([this] { return tale.woken == 2 * kThreads; });
  workers->end(Urgency::orderly);
  workers->join();
}

TEST_F(WorkerThreadsTest, WhoeverIsToEndAtOnceIsNotToldLaterToEndInOrder) {
  tale.lingers = true;
  workers->start(make());
  workers->end(Urgency::at_once);
  workers->end(Urgency::orderly);
  workers->go();
  workers->join();
  EXPECT_EQ(tale.orderly, 0U);
  EXPECT_EQ(tale.at_once, kThreads);
}

TEST_F(WorkerThreadsTest, TheFirstSignalAsksForOrderTheSecondDoesNot) {
  tale.lingers = true;
  workers->start(make());
  workers->go();
  kill(getpid(), SIGTERM);
  wait_for([this] { return tale.orderly == kThreads; });
  EXPECT_EQ(tale.at_once, 0U);
  kill(getpid(), SIGINT);
  EXPECT_TRUE(workers->wait_until(Clock::now() + 30s));
  EXPECT_EQ(tale.at_once, kThreads);
  EXPECT_EQ(signals->first(), SIGTERM);
  workers->join();
}

}  // namespace
}  // namespace millrace::threads
