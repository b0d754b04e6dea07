#include "smtp/recipient_batches.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

namespace millrace::smtp {
namespace {

TEST(RecipientBatches, HaveAsManyRecipientsAsATransactionMay) {
  RecipientBatches batches;
  batches.open(0, 2, 5);
  batches.add(7, 5);
  for (const auto& [first, count] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, 2}, {2, 2}, {4, 1}}) {
    ASSERT_TRUE(batches.waiting());
    const RecipientBatch batch = batches.begin(false);
    EXPECT_EQ(batch.message, 7U);
    EXPECT_EQ(batch.first, first);
    EXPECT_EQ(batch.count, count);
    EXPECT_EQ(batches.finish(batch, 1).has_value(), first == 4);
  }
  EXPECT_FALSE(batches.waiting());
  EXPECT_TRUE(batches.empty());
}

TEST(RecipientBatches, AreOneAMessageWhereNothingLimitsThem) {
  RecipientBatches batches;
  batches.open(0, 0, 1'000);
  batches.add(0, 1'000);
  const RecipientBatch batch = batches.begin(false);
  EXPECT_EQ(batch.count, 1'000U);
  EXPECT_FALSE(batches.waiting());
  EXPECT_EQ(batches.finish(batch, 998), 998U);
}

TEST(RecipientBatches, TellOnceThatAMessageIsSentAndOver) {
  RecipientBatches batches;
  batches.open(0, 1, 3);
  batches.add(0, 3);
  std::vector<RecipientBatch> all;
  while (batches.waiting()) all.push_back(batches.begin(!all.empty()));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(batches.first_sent(all[0]));
  EXPECT_FALSE(batches.first_sent(all[1]));
  EXPECT_EQ(batches.finish(all[0], 1), std::nullopt);
  EXPECT_EQ(batches.finish(all[1], 0), std::nullopt);
  EXPECT_EQ(batches.finish(all[2], 1), 2U);
}

// What is sent again goes ahead of what has not been begun, and its message may be over after one
// that came later.
TEST(RecipientBatches, AreSentAgainAheadOfOthers) {
  RecipientBatches batches;
  batches.open(0, 2, 4);
  batches.add(0, 1);
  const RecipientBatch first = batches.begin(true);
  batches.add(1, 4);
  const RecipientBatch second = batches.begin(true);
  batches.send_again(first);
  EXPECT_EQ(batches.finish(second, 2), std::nullopt);
  const RecipientBatch again = batches.begin(false);
  EXPECT_EQ(again.message, 0U);
  EXPECT_EQ(again.count, 1U);
  const RecipientBatch third = batches.begin(true);
  EXPECT_EQ(third.message, 1U);
  EXPECT_EQ(third.first, 2U);
  EXPECT_EQ(batches.finish(third, 2), 4U);
  EXPECT_FALSE(batches.empty());
  EXPECT_EQ(batches.finish(again, 1), 1U);
  EXPECT_TRUE(batches.empty());
}

// As a message that was refused for now may be.
TEST(RecipientBatches, AreThoseOfANewMessageWhereItsNumberWasSentBefore) {
  RecipientBatches batches;
  batches.open(0, 0, 2);
  batches.add(0, 1);
  batches.send_again(batches.begin(true));
  const RecipientBatch waits = batches.begin(true);
  batches.add(1, 2);
  EXPECT_EQ(batches.finish(batches.begin(true), 0), 0U);
  batches.add(1, 2);
  const RecipientBatch again = batches.begin(true);
  EXPECT_TRUE(batches.first_sent(again));
  EXPECT_EQ(batches.finish(again, 2), 2U);
  EXPECT_EQ(batches.finish(waits, 1), 1U);
  EXPECT_TRUE(batches.empty());
}

TEST(RecipientBatches, KeepRoomForTheLargestMessage) {
  RecipientBatches batches;
  batches.open(4, 2, 5);
  EXPECT_TRUE(batches.has_room(false));
  batches.add(0, 1);
  batches.finish(batches.begin(false), 1);
  EXPECT_TRUE(batches.has_room(false));
  EXPECT_FALSE(batches.has_room(true));  // one of its three batches might be sent twice
  batches.add(1, 2);
  batches.finish(batches.begin(false), 1);
  EXPECT_FALSE(batches.has_room(false));
}

TEST(RecipientBatches, KeepRoomToBeSentAgain) {
  RecipientBatches batches;
  batches.open(3, 0, 1);
  batches.add(0, 1);
  const RecipientBatch front = batches.begin(false);
  EXPECT_TRUE(batches.may_begin_behind());
  EXPECT_TRUE(batches.has_room(true));
  batches.add(1, 1);
  const RecipientBatch behind = batches.begin(true);
  EXPECT_FALSE(batches.may_begin_behind());
  EXPECT_FALSE(batches.has_room(false));
  batches.finish(front, 0);
  batches.send_again(behind);
  EXPECT_FALSE(batches.has_room(false));
  batches.finish(batches.begin(false), 1);
  EXPECT_FALSE(batches.has_room(false));
}

TEST(RecipientBatches, GiveBackTheRoomOfOneThatWasNotSentAgain) {
  RecipientBatches batches;
  batches.open(3, 0, 1);
  batches.add(0, 1);
  const RecipientBatch front = batches.begin(false);
  batches.add(1, 1);
  const RecipientBatch behind = batches.begin(true);
  batches.finish(front, 1);
  EXPECT_FALSE(batches.has_room(false));
  batches.finish(behind, 1);
  EXPECT_TRUE(batches.has_room(false));
}

// Whatever has to be sent again: MAIL is said no more often than the server allows, and each
// recipient is decided once.
TEST(RecipientBatches, NeverRunOutOfMailsWhateverIsSentAgain) {
  std::mt19937 random(4);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  for (int run = 0; run < 3'000; ++run) {
    const std::size_t most = 1 + below(6);
    const std::uint64_t mail_limit = 1 + below(20);
    RecipientBatches batches;
    batches.open(mail_limit, 1 + below(3), most);
    std::vector<RecipientBatch> window;  // the first one is never sent again
    std::map<std::uint64_t, std::size_t> sizes;
    std::set<std::pair<std::uint64_t, std::size_t>> decided;
    std::uint64_t mails = 0;
    std::size_t over = 0;
    const auto end_first = [&](bool again) {
      const RecipientBatch batch = window.front();
      window.erase(window.begin());
      if (again) return batches.send_again(batch);
      for (std::size_t recipient = 0; recipient < batch.count; ++recipient) {
        ASSERT_TRUE(decided.emplace(batch.message, batch.first + recipient).second);
      }
      over += batches.finish(batch, batch.count) == sizes[batch.message] ? 1 : 0;
    };
    for (;;) {
      if (batches.waiting() && (window.empty() || (batches.may_begin_behind() && below(3) > 0))) {
        ASSERT_LT(mails++, mail_limit);
        window.push_back(batches.begin(!window.empty()));
      } else if (!batches.waiting() && batches.has_room(!window.empty()) && below(3) > 0) {
        const std::uint64_t message = sizes.size();
        sizes[message] = 1 + below(most);
        batches.add(message, sizes[message]);
      } else if (!window.empty()) {
        end_first(false);
        while (!window.empty() && below(3) == 0) end_first(window.front().behind);
      } else if (!batches.waiting() && !batches.has_room(false)) {
        break;
      }
    }
    ASSERT_FALSE(testing::Test::HasFailure());
    ASSERT_TRUE(batches.empty());
    ASSERT_EQ(over, sizes.size());
    std::size_t recipients = 0;
    for (const auto& [message, count] : sizes) recipients += count;
    ASSERT_EQ(decided.size(), recipients);
  }
}

}  // namespace
}  // namespace millrace::smtp
