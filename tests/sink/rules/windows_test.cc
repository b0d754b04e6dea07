#include "sink/rules/windows.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace millrace::sink::rules {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

std::string numbered(std::size_t number) { return "client " + std::to_string(number); }

TEST(Windows, SoManyPassAndThenNoneUntilTheNextWindow) {
  Windows windows(1);
  const auto key = windows.key({{"a"}});
  const auto take = [&](Duration since) { return windows.take(key, 3, 1min, kStart + since); };
  for (const std::uint64_t number : {1, 2, 3}) {
    const auto taken = take(std::chrono::seconds(10 * number));
    EXPECT_FALSE(taken.over);
    EXPECT_EQ(taken.number, number);
  }
  for (const std::uint64_t number : {4, 5, 6}) {
    const auto taken = take(69'999ms);  // it began with the first one, at 10 s
    EXPECT_TRUE(taken.over);
    EXPECT_EQ(taken.number, number);
  }
  const auto taken = take(70s);
  EXPECT_FALSE(taken.over);
  EXPECT_EQ(taken.number, 1U);
}

TEST(Windows, NoneOfNonePasses) {
  Windows windows(1);
  const auto taken = windows.take(windows.key({{"a"}}), 0, 1min, kStart);
  EXPECT_TRUE(taken.over);
  EXPECT_EQ(taken.number, 1U);
}

TEST(Windows, AClockThatIsLateBeginsNoWindow) {
  Windows windows(1);
  const auto key = windows.key({{"a"}});
  EXPECT_FALSE(windows.take(key, 2, 1s, kStart).over);
  EXPECT_FALSE(windows.take(key, 2, 1s, kStart - 10ms).over);
  EXPECT_TRUE(windows.take(key, 2, 1s, kStart - 10ms).over);
  EXPECT_TRUE(windows.take(key, 2, 1s, kStart + 995ms).over);
  EXPECT_FALSE(windows.take(key, 2, 1s, kStart + 1s).over);
}

// Each thread asks for each key at each tick of its own clock, at which it looks now and then a
// tick too early. So a window begins with the first thread that comes to it, exactly there; and
// that thread alone asks more often in it than may pass.
TEST(Windows, ExactlySoManyPassWhateverTheThreads) {
  constexpr std::size_t kKeys = 200;
  constexpr std::uint64_t kCount = 7;
  constexpr int kTicks = 10;  // of a window
  constexpr int kWindows = 12;
  for (const int thread_count : {1, 2, 8}) {
    Windows windows(static_cast<std::uint64_t>(thread_count));
    std::array<std::atomic<std::uint64_t>, kKeys> passed{};
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < thread_count; ++thread) {
        threads.emplace_back([&, thread] {
          std::mt19937 random(static_cast<unsigned>(thread));
          for (int tick = 0; tick < kTicks * kWindows; ++tick) {
            for (std::size_t number = 0; number < kKeys; ++number) {
              const auto key = windows.key({{numbered(number)}});
              const auto ask = [&](int at) {
                const auto taken =
                    windows.take(key, kCount, kTicks * 1s, kStart + std::chrono::seconds(at));
                if (!taken.over) ++passed[number];
              };
              ask(tick);
              if (tick > 0 && random() % 4 == 0) ask(tick - 1);
            }
          }
        });
      }
    }
    for (const auto& of_key : passed) EXPECT_EQ(of_key, kCount * kWindows) << thread_count;
    EXPECT_EQ(windows.forgotten(), 0U);
  }
}

// All want the same key at once.
TEST(Windows, EachNumberIsGivenOnce) {
  constexpr std::uint64_t kEach = 2'000'000;  // many turns of the scheduler
  constexpr std::uint64_t kCount = 3'500'000;
  Windows windows(1);
  const auto key = windows.key({{"a"}});
  std::array<std::uint64_t, 2> passed{};
  std::array<std::uint64_t, 2> sums{};
  std::latch ready(passed.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < passed.size(); ++thread) {
      threads.emplace_back([&, thread] {
        std::uint64_t count = 0;
        std::uint64_t sum = 0;
        ready.arrive_and_wait();
        for (std::uint64_t command = 0; command < kEach; ++command) {
          const auto taken = windows.take(key, kCount, 1h, kStart);
          if (taken.over) continue;
          ++count;
          sum += taken.number;
        }
        passed[thread] = count;
        sums[thread] = sum;
      });
    }
  }
  EXPECT_EQ(passed[0] + passed[1], kCount);
  EXPECT_EQ(sums[0] + sums[1], kCount * (kCount + 1) / 2);
}

TEST(Windows, TheKeyThatWasTouchedLongestAgoGoes) {
  constexpr std::size_t kMost = Windows::kShards * 4;
  constexpr std::size_t kKeys = 10'000;
  Windows windows(1, kMost);
  const auto take = [&](std::size_t number) {
    return windows.take(windows.key({{numbered(number)}}), kKeys, 1h, kStart).number;
  };
  // The first key is touched between all others, so it stays.
  for (std::size_t number = 1; number < kKeys; ++number) {
    ASSERT_EQ(take(0), number);
    ASSERT_EQ(take(number), 1U);
  }
  // Shards are full by now: as many are known as they hold.
  EXPECT_EQ(windows.forgotten(), kKeys - kMost);
  EXPECT_EQ(take(kKeys - 1), 2U);
  EXPECT_EQ(take(1), 1U);  // another one of its shard goes for it
  EXPECT_EQ(windows.forgotten(), kKeys - kMost + 1);
}

TEST(Windows, EachTableForgetsForItself) {
  Windows windows(1, 1);
  for (std::size_t number = 0; number < 1'000; ++number) {
    windows.take(windows.key({{numbered(number)}}), 1, 1h, kStart);
  }
  EXPECT_EQ(windows.forgotten(), 1'000 - Windows::kShards);
  for (std::size_t number = 0; number < 1'000; ++number) {
    windows.known_for(windows.key({{numbered(number)}}), 1h, kStart);
  }
  EXPECT_EQ(windows.forgotten(), 2 * (1'000 - Windows::kShards));
  for (std::size_t number = 0; number < 1'000; ++number) {
    windows.session_opened(windows.key({{numbered(number)}}));
  }
  EXPECT_EQ(windows.forgotten(), 2 * (1'000 - Windows::kShards));
}

TEST(Windows, AKeyIsKnownForAsLongAsItWasFirstSeenAgo) {
  Windows windows(1);
  const auto key = windows.key({{"a"}});
  EXPECT_FALSE(windows.known_for(key, 5min, kStart));
  EXPECT_FALSE(windows.known_for(key, 5min, kStart + 299s));
  EXPECT_FALSE(windows.known_for(key, 5min, kStart - 1s));
  EXPECT_TRUE(windows.known_for(key, 5min, kStart + 5min));
  EXPECT_TRUE(windows.known_for(key, 5min, kStart + 24h));
  EXPECT_FALSE(windows.known_for(windows.key({{"b"}}), 5min, kStart + 5min));
  EXPECT_TRUE(windows.known_for(windows.key({{"c"}}), 0min, kStart));
}

TEST(Windows, SessionsAreCountedWhileTheyAreOpen) {
  Windows windows(1, 1);  // of the others
  const auto key = [&](std::size_t number) { return windows.key({{numbered(number)}}); };
  constexpr std::size_t kClients = 1'000;
  for (std::size_t round = 1; round <= 3; ++round) {
    for (std::size_t client = 0; client < kClients; ++client) windows.session_opened(key(client));
    for (std::size_t client = 0; client < kClients; ++client) {
      ASSERT_EQ(windows.sessions(key(client)), round);
    }
  }
  for (std::size_t round = 3; round > 0; --round) {
    for (std::size_t client = 0; client < kClients; ++client) windows.session_ended(key(client));
    for (std::size_t client = 0; client < kClients; ++client) {
      ASSERT_EQ(windows.sessions(key(client)), round - 1);
    }
  }
  EXPECT_EQ(windows.sessions(key(kClients)), 0U);
}

TEST(Windows, SessionsOfManyThreadsAddUp) {
  constexpr std::size_t kClients = 20;
  constexpr std::uint64_t kThreads = 4;
  Windows windows(1);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&] {
        for (int round = 0; round < 1'000; ++round) {
          for (std::size_t client = 0; client < kClients; ++client) {
            const auto key = windows.key({{numbered(client)}});
            windows.session_opened(key);
            if (round > 0) windows.session_ended(key);
          }
        }
      });
    }
  }
  for (std::size_t client = 0; client < kClients; ++client) {
    EXPECT_EQ(windows.sessions(windows.key({{numbered(client)}})), kThreads);
  }
}

TEST(Windows, KeysOfDifferentTextsDiffer) {
  const Windows windows(1);
  const std::string longer(1'000, 'x');
  const std::set<std::uint64_t> keys = {
      windows.key({}),
      windows.key({{""}}),
      windows.key({{""}, {""}}),
      windows.key({{"ab"}, {"c"}}),
      windows.key({{"a"}, {"bc"}}),
      windows.key({{"abc"}}),
      windows.key({{"abc"}, {""}}),
      windows.key({{""}, {"abc"}}),
      windows.key({{"Abc"}}),
      windows.key({{longer + "y", true}}),
      windows.key({{longer + "z", true}}),
      Windows(2).key({{"abc"}}),
  };
  EXPECT_EQ(keys.size(), 12U);
}

TEST(Windows, OnlyWhatIsOfAnyCaseIsOneKeyInAnyCase) {
  const Windows windows(1);
  const std::string small(1'000, 'x');
  const std::string large(1'000, 'X');
  EXPECT_EQ(windows.key({{small, true}}), windows.key({{large, true}}));
  EXPECT_NE(windows.key({{small}}), windows.key({{large}}));
  EXPECT_EQ(windows.key({{"A@[Z]", true}}), windows.key({{"a@[z]", true}}));
  EXPECT_NE(windows.key({{"@", true}}), windows.key({{"`", true}}));
  EXPECT_NE(windows.key({{"\xc4", true}}), windows.key({{"\xe4", true}}));
}

}  // namespace
}  // namespace millrace::sink::rules
