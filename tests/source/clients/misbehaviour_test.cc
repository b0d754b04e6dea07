#include "source/clients/misbehaviour.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace millrace::source {
namespace {

TEST(Misbehaviour, HasAsManyConnectionsAsItMayMakeOverManyThreads) {
  Misbehaviour clients({}, {}, std::nullopt, 1'000);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        if (clients.take_connection()) ++taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 1'000);
  EXPECT_FALSE(clients.connections_left());
}

// Each write would take the cache line from all others.
TEST(Misbehaviour, WritesNothingWhereThereIsNoEndOfConnections) {
  Misbehaviour clients({}, {}, std::nullopt, std::nullopt);
  const std::string_view bytes(reinterpret_cast<const char*>(&clients), sizeof clients);
  const std::string before(bytes);
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(clients.take_connection());
  EXPECT_TRUE(clients.connections_left());
  EXPECT_TRUE(bytes == before);
}

}  // namespace
}  // namespace millrace::source
