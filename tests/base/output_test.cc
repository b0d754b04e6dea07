#include "base/output.h"

#include <gtest/gtest.h>

#include <array>
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

}  // namespace
}  // namespace millrace
