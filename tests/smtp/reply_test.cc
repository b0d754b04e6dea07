#include "smtp/reply.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "pieces.h"

namespace millrace::smtp {
namespace {

using test::Cut;
using Replies = std::vector<std::pair<int, std::string>>;

// All replies in `bytes`; a last {-1, ""} when one was too long.
Replies read(std::string_view bytes, Cut how, unsigned seed = 0) {
  ReplyReader reader;
  Replies replies;
  for (std::string_view piece : test::cut(bytes, how, seed)) {
    while (!piece.empty()) {
      Reply reply;
      switch (reader.next(piece, reply)) {
        case ReplyReader::Result::reply:
          replies.emplace_back(reply.code, reply.line());
          break;
        case ReplyReader::Result::more:
          break;
        case ReplyReader::Result::too_long:
          replies.emplace_back(-1, "");
          return replies;
      }
    }
  }
  return replies;
}

class ReplySplit : public testing::TestWithParam<Cut> {};
INSTANTIATE_TEST_SUITE_P(Reply, ReplySplit,
                         testing::Values(Cut::whole, Cut::byte_by_byte, Cut::random));

TEST_P(ReplySplit, LinesOfOneReplyAreJoined) {
  const Replies expected = {
      {220, "220 a"}, {250, "250 one two three"}, {250, "250"}, {354, "354 go"}};
  for (unsigned seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(read("220 a\r\n250-one\r\n250-two\r\n250 three\r\n250\r\n354 go\n", GetParam(), seed),
              expected);
  }
}

TEST_P(ReplySplit, WithoutACodeItIsNoReplyButIsTaken) {
  const Replies expected = {{0, "foo"}, {0, "25"}, {0, ""}, {0, "2x0 a"}};
  EXPECT_EQ(read("foo\r\n25\r\n\r\n2x0 a\r\n", GetParam()), expected);
}

TEST_P(ReplySplit, ALineWithoutACodeEndsAReplyAsItIs) {
  EXPECT_EQ(read("250-one\r\ntwo words\r\n250 three\r\n", GetParam()),
            (Replies{{0, "250 one two words"}, {250, "250 three"}}));
}

TEST_P(ReplySplit, MultiLineRepliesFollowEachOther) {
  const Replies expected = {{250, "250 a b"}, {250, "250 c d"}, {250, "250 e"}};
  EXPECT_EQ(read("250-a\r\n250 b\r\n250-c\r\n250 d\r\n250 e\r\n", GetParam()), expected);
}

TEST_P(ReplySplit, ALineIsCapped) {
  const std::string line = "250 " + std::string(ReplyReader::kReplyLineLimit, 'x') + "\r\n";
  EXPECT_EQ(read(line, GetParam()), (Replies{{-1, ""}}));
}

TEST(Reply, AWholeReplyIsCapped) {
  std::string endless;
  while (endless.size() < 4 * ReplyReader::kReplyLimit) endless += "250-and so on\r\n";
  EXPECT_EQ(read(endless, Cut::whole), (Replies{{-1, ""}}));
}

TEST(Reply, AWholeReplyMayReachItsLimit) {
  std::string text = "250-" + std::string(8'000, 'x');
  std::string lines = text + "\r\n";
  for (int line = 0; line < 7; ++line) {
    lines += "250-" + std::string(8'000, 'y') + "\r\n";
    text += '\n' + std::string(8'000, 'y');
  }
  const std::string last = "250 " + std::string(ReplyReader::kReplyLimit - text.size() - 4, 'z');
  EXPECT_EQ(read(lines + last + "\r\n", Cut::whole).at(0).first, 250);
  EXPECT_EQ(read(lines + last + "z\r\n", Cut::whole), (Replies{{-1, ""}}));
}

TEST(Reply, KnowsItsClass) {
  EXPECT_TRUE((Reply{250, ""}).positive_completion());
  EXPECT_TRUE((Reply{421, ""}).closing());
  EXPECT_TRUE((Reply{521, ""}).closing());
  EXPECT_FALSE((Reply{550, ""}).closing());
}

}  // namespace
}  // namespace millrace::smtp
