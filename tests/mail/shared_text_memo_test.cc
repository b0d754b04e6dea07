#include "mail/shared_text_memo.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace millrace::mail {
namespace {

TEST(SharedTextMemo, KnowsATextByItsPlace) {
  const std::string text = "ab";
  const std::string same = "ab";
  SharedTextMemo<std::string> memo(16);
  EXPECT_EQ(memo.find(text), nullptr);
  memo.keep(text, "value");
  ASSERT_NE(memo.find(text), nullptr);
  EXPECT_EQ(*memo.find(text), "value");
  EXPECT_EQ(memo.find(same), nullptr);
  EXPECT_EQ(memo.find(std::string_view(text).substr(0, 1)), nullptr);
  EXPECT_EQ(memo.find(std::string_view(text).substr(1)), nullptr);
}

TEST(SharedTextMemo, WhatIsKeptStays) {
  const std::string texts(1'000, 'x');
  SharedTextMemo<std::size_t> memo(64);
  std::size_t kept = 0;
  for (std::size_t at = 0; at < texts.size(); ++at) {
    memo.keep(std::string_view(texts).substr(at, 1), at);
    memo.keep(std::string_view(texts).substr(at, 1), at + 1);  // too late
  }
  for (std::size_t at = 0; at < texts.size(); ++at) {
    const std::size_t* const value = memo.find(std::string_view(texts).substr(at, 1));
    if (value == nullptr) continue;
    EXPECT_EQ(*value, at);
    ++kept;
  }
  EXPECT_LE(kept, 64U);
  EXPECT_GE(kept, 48U);
}

// Texts that lie far apart at even distances find room as well.
TEST(SharedTextMemo, MostFindRoomInOneThatIsHalfFull) {
  const std::string texts(4'096 * 64, 'x');
  SharedTextMemo<int> memo(128);
  int kept = 0;
  for (std::size_t at = 0; at < texts.size(); at += 4'096) {
    memo.keep(std::string_view(texts).substr(at, 9), 1);
    kept += memo.find(std::string_view(texts).substr(at, 9)) != nullptr ? 1 : 0;
  }
  EXPECT_GE(kept, 60);
}

TEST(SharedTextMemo, ThreadsAgree) {
  const std::string texts(256, 'x');
  SharedTextMemo<std::string> memo(64);
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        for (std::size_t at = 0; at < texts.size(); ++at) {
          const std::string_view text = std::string_view(texts).substr(at, 1);
          if (const std::string* const value = memo.find(text)) {
            ASSERT_EQ(*value, std::to_string(at));
          } else {
            memo.keep(text, std::to_string(at));
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace millrace::mail
