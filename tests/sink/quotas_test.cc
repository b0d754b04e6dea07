#include "sink/quotas.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace millrace::sink {
namespace {

TEST(Quotas, AdmitsExactlyItsQuotaOverManyThreads) {
  std::atomic<int> calls{0};
  Quotas quotas(1'000, std::nullopt, [&] { ++calls; });
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        if (!quotas.admit_message()) continue;
        ++admitted;
        quotas.message_done();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admitted, 1'000);
  EXPECT_EQ(quotas.totals().messages, 1'000U);
  EXPECT_GE(calls, 1);
}

TEST(Quotas, CountsQuitsAndSessionsApart) {
  int calls = 0;
  Quotas quotas(std::nullopt, 2, [&] { ++calls; });
  for (const bool quit : {true, false, true}) {
    EXPECT_TRUE(!quit || quotas.admit_quit());
    quotas.session_done(quit);
  }
  EXPECT_FALSE(quotas.admit_quit());
  EXPECT_EQ(quotas.totals().sessions, 3U);
  EXPECT_EQ(quotas.totals().quits, 2U);
  EXPECT_EQ(calls, 1);
}

TEST(Quotas, AQuitThatIsReturnedIsAnothersHoweverManyAskedMeanwhile) {
  Quotas quotas(std::nullopt, 1, [] {});
  EXPECT_TRUE(quotas.admit_quit());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(quotas.admit_quit());
  quotas.return_quit();
  quotas.session_done(false);
  EXPECT_TRUE(quotas.admit_quit());
  EXPECT_FALSE(quotas.admit_quit());
}

TEST(Quotas, ThatOthersHaveTooAreAdmittedByTheirShares) {
  threads::QuotaShare messages;
  threads::QuotaShare quits;
  messages.answer(2);
  quits.answer(1);
  messages.close();
  quits.close();
  int calls = 0;
  Quotas quotas(1, 1, [&] { ++calls; }, {.messages = &messages, .quits = &quits});
  for (const bool admitted : {true, true, false}) {
    EXPECT_EQ(quotas.admit_message(), admitted);
    if (admitted) quotas.message_done();
  }
  EXPECT_TRUE(quotas.admit_quit());
  EXPECT_FALSE(quotas.admit_quit());
  quotas.return_quit();
  EXPECT_TRUE(quotas.admit_quit());
  quotas.session_done(true);
  EXPECT_EQ(quotas.totals().messages, 2U);
  EXPECT_EQ(calls, 0) << "rank 0 sees to the end";
}

TEST(SessionLimit, IsNeverPassedAndSaysWhenAPlaceIsFree) {
  SessionLimit limit(2);
  EXPECT_TRUE(limit.acquire());
  EXPECT_TRUE(limit.acquire());
  EXPECT_FALSE(limit.acquire());
  EXPECT_TRUE(limit.release());
  EXPECT_FALSE(limit.release());
  EXPECT_TRUE(limit.acquire());
}

}  // namespace
}  // namespace millrace::sink
