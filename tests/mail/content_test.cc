#include "mail/content.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace millrace::mail {
namespace {

std::string data_of(const Content& content) {
  Output out;
  content.append_data(out);
  return out.flattened();
}

std::string range_of(const Content& content, std::uint64_t offset, std::uint64_t length) {
  Output out;
  content.append_range(offset, length, out);
  return out.flattened();
}

TEST(Content, OfNothingIsTheEndMarkAlone) {
  EXPECT_EQ(data_of({}), ".\r\n");
  EXPECT_EQ(range_of({}, 0, 10), "");
}

TEST(Content, KeepsItsPiecesInOrder) {
  Content content;
  content.own() += "a\r\n";
  content.share("b\r\n", {Content::Dots::none});
  content.share("c\r\n", {Content::Dots::none});
  content.own() += "d\r\n";
  EXPECT_EQ(data_of(content), "a\r\nb\r\nc\r\nd\r\n.\r\n");
  EXPECT_EQ(content.flattened(), "a\r\nb\r\nc\r\nd\r\n");
  EXPECT_EQ(content.size(), 12U);
}

TEST(Content, DoublesDotsForDataOnly) {
  Content content;
  content.own() += ".a\r\nb.\r\n..c\r\n";
  content.share(".d\r\n\r\n.\r\n", {Content::Dots::some});
  EXPECT_EQ(data_of(content), "..a\r\nb.\r\n...c\r\n..d\r\n\r\n..\r\n.\r\n");
  EXPECT_EQ(content.flattened(), ".a\r\nb.\r\n..c\r\n.d\r\n\r\n.\r\n");
}

TEST(Content, EndsALineThatDoesNotEnd) {
  Content own;
  own.own() += "a";
  EXPECT_EQ(data_of(own), "a\r\n.\r\n");
  EXPECT_EQ(own.size(), 1U);
  Content shared;
  shared.share("a\r", {Content::Dots::none});
  EXPECT_EQ(data_of(shared), "a\r\r\n.\r\n");
}

TEST(Content, GivesAnyRange) {
  Content content;
  content.own() += "ab\r\n";
  content.share("cde\r\n", {Content::Dots::none});
  content.share("f\r\n", {Content::Dots::some});
  content.own() += "gh\r\n";
  const std::string all = content.flattened();
  for (std::size_t offset = 0; offset <= all.size(); ++offset) {
    for (std::size_t length = 0; length <= all.size() + 1; ++length) {
      EXPECT_EQ(range_of(content, offset, length), all.substr(offset, length));
    }
  }
  EXPECT_EQ(range_of(content, 3, ~std::uint64_t{0}), all.substr(3));
  EXPECT_EQ(range_of(content, all.size() + 1, 1), "");
}

TEST(Content, BorrowsWhatIsShared) {
  const std::string body(100, 'x');
  Content content;
  content.share(body, {Content::Dots::none});
  Output out;
  content.append_data(out);
  std::string_view piece;
  ASSERT_EQ(out.gather(&piece, 1), 1U);
  EXPECT_EQ(piece.data(), body.data());
}

TEST(Content, LinesGoInFront) {
  const std::string body = "b\r\n";
  Content content;
  content.prepend("1\r\n");
  content.own() += "a\r\n";
  content.share(body, {Content::Dots::none});
  content.own() += "c\r\n";
  content.share(body, {Content::Dots::none});
  content.prepend(".2\r\n3\r\n");
  EXPECT_EQ(content.flattened(), ".2\r\n3\r\n1\r\na\r\nb\r\nc\r\nb\r\n");
  EXPECT_EQ(data_of(content), "..2\r\n3\r\n1\r\na\r\nb\r\nc\r\nb\r\n.\r\n");
  EXPECT_EQ(content.size(), 22U);
}

TEST(Content, IsSeenPieceByPiece) {
  const std::string body = ".b\r\n";
  Content content;
  content.share(body, {Content::Dots::some});
  content.own() += "a\r\n";
  content.own() += "c\r\n";
  content.share(body, {Content::Dots::none});
  std::vector<std::tuple<std::string_view, bool, Content::Dots>> seen;
  content.for_each_piece([&](const Content::Piece& piece) {
    seen.emplace_back(piece.text, piece.shared, piece.dots);
  });
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0], std::tuple(".b\r\n", true, Content::Dots::some));
  EXPECT_EQ(seen[1], std::tuple("a\r\nc\r\n", false, Content::Dots::some));
  EXPECT_EQ(seen[2], std::tuple(".b\r\n", true, Content::Dots::none));
}

// A message of megabytes with one such line is not copied for each session.
TEST(Content, BorrowsWhatIsBetweenDots) {
  const std::string long_line = std::string(10'000, 'x') + "\r\n";
  const std::string body = long_line + ".\r\n" + long_line;
  Content content;
  content.share(body, {Content::Dots::some});
  Output out;
  content.append_data(out);
  EXPECT_LT(out.storage(), 1'000U);
  EXPECT_EQ(out.flattened(), long_line + "..\r\n" + long_line + ".\r\n");
}

TEST(Content, IsForgotten) {
  Content content;
  content.own() += "a\r\n";
  content.share("b\r\n", {Content::Dots::none});
  content.clear();
  EXPECT_EQ(content.size(), 0U);
  EXPECT_EQ(data_of(content), ".\r\n");
}

TEST(Content, KnowsWhetherAnyOfItIsBeyondAscii) {
  using Octets = Content::Octets;
  const std::string body = "\xc3\xa4\r\n";
  Content content;
  content.own().append("a: b\r\n\r\n");
  content.share("c\r\n", Content::Traits::of("c\r\n"));
  EXPECT_EQ(content.octets(), Octets::seven_bit);
  content.share(body, Content::Traits::of(body));
  content.share("c\r\n", {});
  EXPECT_EQ(content.octets(), Octets::eight_bit);
  content.clear();
  EXPECT_EQ(content.octets(), Octets::seven_bit);
  content.own().append(body);
  EXPECT_EQ(content.octets(), Octets::eight_bit);
}

}  // namespace
}  // namespace millrace::mail
