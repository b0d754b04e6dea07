#include "sink/answers/content_head.h"

#include <gtest/gtest.h>

#include <string>

#include "pieces.h"

namespace millrace::sink {
namespace {

using test::Cut;

TEST(ContentHead, TakesOffOneLeadingDotOfALine) {
  const std::string wire = "..a: b\r\n.c: d\r\n\n.e\r.f\r\r\n...\r\n.\r\n";
  const std::string text = ".a: b\r\nc: d\r\n\n.e\r.f\r\r\n..\r\n\r\n";
  for (unsigned seed = 0; seed < 20; ++seed) {
    for (const Cut how : {Cut::whole, Cut::byte_by_byte, Cut::random}) {
      ContentHead head;
      for (const std::string_view piece : test::cut(wire, how, seed)) {
        head.take(piece, smtp::Form::dotted);
      }
      EXPECT_EQ(head.text(), text);
    }
  }
}

// Though the one before broke off within a line.
TEST(ContentHead, EachBeginsWithALine) {
  ContentHead head;
  head.take("..a: b", smtp::Form::dotted);
  head.reset();
  head.take("..c: d", smtp::Form::dotted);
  EXPECT_EQ(head.text(), ".c: d");
}

TEST(ContentHead, KeepsNoMoreThanItsBeginning) {
  for (const auto form : {smtp::Form::dotted, smtp::Form::plain}) {
    ContentHead head(10);
    head.take("123456", form);
    EXPECT_FALSE(head.full());
    head.take("789012", form);
    EXPECT_TRUE(head.full());
    head.take("3", form);
    EXPECT_EQ(head.text(), "1234567890");
    head.reset();
    EXPECT_EQ(head.text(), "");
  }
}

std::string header_of(std::string_view content, std::size_t most = kMostHeader) {
  ContentHead head(most);
  head.take(content, smtp::Form::plain);
  return std::string(head.header());
}

TEST(ContentHead, KnowsItsHeader) {
  EXPECT_EQ(header_of("A: b\r\n c\r\n\r\nbody\r\n\r\n"), "A: b\r\n c\r\n");
  EXPECT_EQ(header_of("A: b\n\nbody\n"), "A: b\n");
  EXPECT_EQ(header_of("A: b\r\n"), "A: b\r\n");
  EXPECT_EQ(header_of("A: b"), "A: b");
  EXPECT_EQ(header_of("\r\nbody"), "");
  EXPECT_EQ(header_of(""), "");
  EXPECT_EQ(header_of("A: b\r\nC: defgh", 12), "A: b\r\n");
  EXPECT_EQ(header_of("A: bcdefghijklmnop", 12), "A: bcdefghij");
}

}  // namespace
}  // namespace millrace::sink
