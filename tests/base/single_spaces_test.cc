#include "base/single_spaces.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace millrace {
namespace {

// A byte at a time.
std::size_t plainly(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool last = at + 1 == text.size();
    if (text[at] == '\t') return at;
    if (text[at] != ' ') continue;
    if (last || static_cast<unsigned char>(text[at + 1]) <= ' ') return at;
  }
  return text.size();
}

TEST(SingleSpaces, StopsAtWhatCanonicalFormsHaveOtherwise) {
  EXPECT_EQ(single_spaced_length<4>("a b c"), 5U);
  EXPECT_EQ(single_spaced_length<4>("a b  c"), 3U);
  EXPECT_EQ(single_spaced_length<4>("a\tb"), 1U);
  EXPECT_EQ(single_spaced_length<4>("ab \r\n"), 2U);
  EXPECT_EQ(single_spaced_length<4>("ab\r\ncd"), 6U);
  EXPECT_EQ(single_spaced_length<4>("ab "), 2U);  // perhaps another one follows
  EXPECT_EQ(single_spaced_length<4>("a"), 1U);
  EXPECT_EQ(single_spaced_length<4>("\xc3\xa4 \xc3\xa4"), 5U);
}

TEST(SingleSpaces, StopsAtTheSamePlaceWhateverTheBlocks) {
  std::mt19937 random(7);
  constexpr std::string_view kLetters = "abcdefgh\r\n";
  for (int round = 0; round < 2'000; ++round) {
    std::string text(1 + random() % 300, 'x');
    for (std::size_t i = 1; i < text.size(); ++i) text[i] = kLetters[random() % kLetters.size()];
    for (unsigned blanks = random() % 4; blanks > 0 && text.size() > 1; --blanks) {
      text[1 + random() % (text.size() - 1)] = random() % 3 == 0 ? '\t' : ' ';
    }
    EXPECT_EQ(single_spaced_length<16>(text), plainly(text)) << text;
    EXPECT_EQ(single_spaced_length<32>(text), plainly(text)) << text;
    EXPECT_EQ(single_spaced_length<64>(text), plainly(text)) << text;
  }
}

}  // namespace
}  // namespace millrace
