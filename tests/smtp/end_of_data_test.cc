#include "smtp/end_of_data.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "pieces.h"

namespace millrace::smtp {
namespace {

using test::Cut;

// Where the end mark ends, by the book; npos when there is none.
std::size_t reference(std::string_view bytes) {
  const std::string with_command = "\r\n" + std::string(bytes);
  const std::size_t found = with_command.find("\r\n.\r\n");
  return found == std::string::npos ? std::string::npos : found + 3;
}

std::size_t scan(std::string_view bytes, Cut how, unsigned seed = 0) {
  EndOfData end;
  std::size_t taken = 0;
  for (const std::string_view piece : test::cut(bytes, how, seed)) {
    const std::size_t length = end.scan(piece);
    taken += length;
    if (end.found()) return taken;
    EXPECT_EQ(length, piece.size());
  }
  return std::string::npos;
}

void expect_like_reference(const std::string& bytes) {
  EXPECT_EQ(scan(bytes, Cut::whole), reference(bytes)) << testing::PrintToString(bytes);
  EXPECT_EQ(scan(bytes, Cut::byte_by_byte), reference(bytes)) << testing::PrintToString(bytes);
  for (unsigned seed = 0; seed < 5; ++seed) {
    EXPECT_EQ(scan(bytes, Cut::random, seed), reference(bytes)) << testing::PrintToString(bytes);
  }
}

TEST(EndOfData, AnEmptyMessageEndsWithTheLineOfItsCommand) {
  EXPECT_EQ(scan(".\r\nQUIT\r\n", Cut::whole), 3U);
}

TEST(EndOfData, BareLineFeedDotDoesNotEndData) {
  for (const char* smuggled : {"a\n.\r\n", "a\r\n.\n", "a\n.\n", "a\r.\r\n", "a\r\n.\r", "a\r.\r",
                               "a\r\n.\rx\n", "a\r\n.\r\r\n", "\n.\r\n", "a\r\r\n.x\r\n"}) {
    EXPECT_EQ(scan(smuggled, Cut::whole), std::string::npos) << testing::PrintToString(smuggled);
    expect_like_reference(smuggled);
  }
}

TEST(EndOfData, AMarkMayBeginInAFailedOne) {
  for (const char* bytes : {"\r\n.\r\r\n.\r\n", "\r\n.\r\n.\r\n", "\r\r\n.\r\n", "x\r\n\r\n.\r\n",
                            "..\r\n.\r\n", "\r\n..\r\n.\r\n"}) {
    expect_like_reference(bytes);
  }
}

TEST(EndOfData, IsFoundAtEveryOffsetOfABlock) {
  for (std::size_t length = 0; length < 600; ++length) {
    const std::string bytes = std::string(length, 'x') + "\r\n.\r\nQUIT\r\n";
    EXPECT_EQ(scan(bytes, Cut::whole), length + 5);
  }
}

TEST(EndOfData, AgreesWithTheReferenceOnAnyMixOfItsBytes) {
  std::mt19937 random(1);
  const std::string alphabet = "\r\n.x";
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes(random() % 700, ' ');
    for (char& byte : bytes) byte = alphabet[random() % (round % 2 == 0 ? 4 : 3)];
    expect_like_reference(bytes);
  }
}

TEST(EndOfData, IsReadyForTheNextMessageAfterReset) {
  EndOfData end;
  EXPECT_EQ(end.scan("a\r\n.\r\n"), 6U);
  EXPECT_TRUE(end.found());
  end.reset();
  EXPECT_FALSE(end.found());
  EXPECT_EQ(end.scan(".\r\n"), 3U);
  EXPECT_TRUE(end.found());
}

}  // namespace
}  // namespace millrace::smtp
