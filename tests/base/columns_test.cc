#include "base/columns.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

constexpr Charset kUtf8 = Charset::utf8;
constexpr Charset kAscii = Charset::ascii;

TEST(Columns, AreThoseOfATerminal) {
  EXPECT_EQ(columns_of(""), 0U);
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("jörg"), 4U);
  EXPECT_EQ(columns_of("例え"), 4U);
  EXPECT_EQ(columns_of("e\u0301t\u0323\u0301"), 2U);
  EXPECT_EQ(columns_of("\xff"), 1U);
}

TEST(Columns, AShortTextStaysWhole) {
  EXPECT_EQ(fitted("", 10, kUtf8), "");
  EXPECT_EQ(fitted("jörg@über.t", 11, kUtf8), "jörg@über.t");
  EXPECT_EQ(fitted("例え.テスト", 11, kUtf8), "例え.テスト");
  EXPECT_EQ(fitted("a\x1b", 5, kAscii), "a\\x1b");
}

TEST(Columns, OfALongTextItsBeginningAndItsEndStay) {
  EXPECT_EQ(fitted("abcdefghijkl", 11, kUtf8), "abcd...ijkl");
  EXPECT_EQ(fitted("abcdefghijklm", 12, kUtf8), "abcde...jklm");
  EXPECT_EQ(fitted("ääääääääöööö", 11, kUtf8), "ääää...öööö");
}

TEST(Columns, NothingIsTakenApart) {
  // Of two columns each: there is room for two in four, for one in three.
  EXPECT_EQ(fitted("例えば例えば例", 11, kUtf8), "例え...ば例");
  EXPECT_EQ(fitted("例えば例えば例", 9, kUtf8), "例...例");
  EXPECT_EQ(fitted("例えば例えば例", 4, kUtf8), "...");
  EXPECT_EQ(fitted("ab\u0301cdefg", 6, kUtf8), "ab\u0301...g");
  EXPECT_EQ(fitted("a\x1b\x1b\x1b\x1bz", 11, kUtf8), "a...z");
  EXPECT_EQ(fitted("öööab", 11, kAscii), "\\xc3...ab");
  EXPECT_EQ(fitted("\x1b\x1b\x1b\x1b", 6, kUtf8), "...");
}

TEST(Columns, AnyBytesFitIntoAnyWidth) {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text.append("ä\u0301").append(1, static_cast<char>(byte));
  for (std::size_t most = 4; most < 1'500; most += 97) {
    EXPECT_LE(columns_of(fitted(text, most, kUtf8)), most);
    EXPECT_LE(fitted(text, most, kAscii).size(), most);
  }
}

}  // namespace
}  // namespace millrace
