#include "base/output.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "output_text.h"

namespace millrace {
namespace {

TEST(Output, KeepsTextAndBodiesInOrder) {
  const std::string body = "BODY";
  Output output;
  output.append("head");
  output.append_borrowed(body);
  output.append("tail");
  output.append_borrowed(body);
  EXPECT_EQ(output.flattened(), "headBODYtailBODY");
  EXPECT_EQ(output.size(), 16U);
}

TEST(Output, DoesNotCopyABody) {
  const std::string body = "BODY";
  Output output;
  output.append_borrowed(body);
  std::array<std::string_view, 2> pieces;
  ASSERT_EQ(output.gather(pieces.data(), pieces.size()), 1U);
  EXPECT_EQ(pieces[0].data(), body.data());
}

TEST(Output, ConsumesAcrossPieces) {
  const std::string body = "BODY";
  for (std::size_t taken = 0; taken <= 12; ++taken) {
    Output output;
    output.append("head");
    output.append_borrowed(body);
    output.append("tail");
    output.consume(taken);
    EXPECT_EQ(output.flattened(), std::string("headBODYtail").substr(taken));
    EXPECT_EQ(output.empty(), taken == 12);
  }
}

TEST(Output, IsEmptyAfterAllWasConsumedAndCanBeUsedAgain) {
  Output output;
  output.append("one");
  output.consume(3);
  output.append("two");
  EXPECT_EQ(output.flattened(), "two");
}

TEST(Output, GathersNoMoreThanAskedFor) {
  Output output;
  output.append("head");
  output.append_borrowed("body");
  std::array<std::string_view, 1> pieces;
  EXPECT_EQ(output.gather(pieces.data(), 1), 1U);
  EXPECT_EQ(pieces[0], "head");
}

// A peer that takes all that is sent, but lags: the queue is never empty.
TEST(Output, AMillionMessagesBehindALaggingPeerTakeNoMoreMemoryThanTheBacklog) {
  const std::string commands(400, 'c');
  const std::string body(1'000, 'b');
  Output output;
  for (int message = 0; message < 1'000'000; ++message) {
    output.append(commands);
    output.append_borrowed(body);
    if (message < 3) continue;
    std::array<std::string_view, 4> pieces;
    ASSERT_EQ(output.gather(pieces.data(), pieces.size()), 4U);
    ASSERT_EQ(pieces[0].size() + pieces[1].size(), 1'400U);
    output.consume(1'400);
    ASSERT_LT(output.storage(), 32'000U) << "after " << message << " messages";
  }
  EXPECT_EQ(output.size(), 3 * 1'400U);
}

TEST(Output, IsAQueueWhateverIsAppendedAndConsumed) {
  std::mt19937 random(1);
  std::string bodies(100'000, '\0');
  for (char& byte : bodies) byte = static_cast<char>('a' + random() % 26);
  const auto any_piece = [&] {
    const std::size_t length = random() % (random() % 8 == 0 ? 20'000 : 200);
    return std::string_view(bodies).substr(random() % (bodies.size() - length), length);
  };
  Output output;
  std::string model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string_view piece = any_piece();
    switch (random() % 5) {
      case 0:
        output.append_borrowed(piece);
        model += piece;
        break;
      case 4: {
        const std::size_t last = std::min(piece.size(), model.size());
        output.remove_suffix(last);
        model.erase(model.size() - last);
        break;
      }
      case 1:
        output.append(piece);
        model += piece;
        break;
      default:
        output.consume(piece.size());
        model.erase(0, piece.size());
    }
    ASSERT_EQ(output.size(), model.size());
    if (step % 16 == 0) {
      ASSERT_TRUE(output.flattened() == model);
    }
  }
}

TEST(Output, KnowsWhatItHasCopied) {
  const std::string body = "body";
  Output output;
  output.append("a");
  output.append_borrowed(body);
  output.append("b");
  std::array<std::string_view, 4> pieces;
  ASSERT_EQ(output.gather(pieces.data(), pieces.size()), 3U);
  EXPECT_TRUE(output.is_copied(pieces[0]));
  EXPECT_FALSE(output.is_copied(pieces[1]));
  EXPECT_TRUE(output.is_copied(pieces[2]));
}

}  // namespace
}  // namespace millrace
