#include "mail/folding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/roll.h"

namespace millrace::mail {
namespace {

std::string folded(std::string_view value, std::string field = "X: ") {
  append_folded(value, field);
  return field;
}

TEST(Folding, IsAheadOfBlanksAndOnlyWhereALineIsTooLong) {
  const std::string word(40, 'a');
  EXPECT_EQ(folded("a b"), "X: a b");
  EXPECT_EQ(folded(std::string(34, 'b') + " " + word), "X: " + std::string(34, 'b') + " " + word);
  EXPECT_EQ(folded(std::string(35, 'b') + " " + word),
            "X: " + std::string(35, 'b') + "\r\n " + word);
  EXPECT_EQ(folded(word + "\t " + word + " c"), "X: " + word + "\r\n\t " + word + " c");
}

TEST(Folding, DividesNoWordAndMakesNoEmptyLine) {
  const std::string word(200, 'a');
  EXPECT_EQ(folded(word), "X: " + word);
  EXPECT_EQ(folded("b " + word + " c"), "X: b\r\n " + word + "\r\n c");
  EXPECT_EQ(folded(word + "   "), "X: " + word + "   ");
  EXPECT_EQ(folded("", "Subject: "), "Subject: ");
}

TEST(Folding, LeavesWhatIsFoldedAlready) {
  const std::string word(40, 'a');
  EXPECT_EQ(folded(word + "\r\n " + word), "X: " + word + "\r\n " + word);
  EXPECT_EQ(folded("b\r\n " + word + " " + word), "X: b\r\n " + word + "\r\n " + word);
}

TEST(Folding, CountsCharacters) {
  std::string umlauts;
  for (int count = 0; count < 60; ++count) umlauts += "\xc3\xa4";
  EXPECT_EQ(folded("b " + umlauts), "X: b " + umlauts);
  EXPECT_FALSE(is_long("X: b " + umlauts, 3));
}

// Unfolding (RFC 5322, 2.2.3) gives what was there.
TEST(Folding, ChangesNothingOfTheText) {
  Roll roll(9);
  for (int round = 0; round < 2'000; ++round) {
    std::string value = "x";
    for (std::uint64_t size = roll.below(400); value.size() < size;) {
      value += roll.below(8) == 0 ? (roll.below(2) == 0 ? ' ' : '\t') : 'a';
    }
    std::string text = folded(value);
    for (std::size_t end = 0; (end = text.find("\r\n")) != std::string::npos;) {
      EXPECT_NE(text.find_first_not_of(" \t", end + 2), std::string::npos);
      text.erase(end, 2);
    }
    EXPECT_EQ(text, "X: " + value);
  }
}

TEST(Folding, IsNeededWhereALineIsLong) {
  EXPECT_FALSE(is_long("X: " + std::string(75, 'a'), 3));
  EXPECT_TRUE(is_long("X: " + std::string(76, 'a'), 3));
  EXPECT_FALSE(is_long(std::string(100, 'b') + "\r\nX: " + std::string(70, 'a'), 105));
  EXPECT_TRUE(is_long("X: a\r\n " + std::string(78, 'a'), 3));
}

}  // namespace
}  // namespace millrace::mail
