#include "mail/text_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>
#include <string>

namespace millrace::mail {
namespace {

// The first lines, a blank between two of them.
std::string running_text(const TextBlock& block, std::size_t lines) {
  std::string text;
  for (std::size_t number = 0; number < lines; ++number) {
    std::string line(block.line(number));
    EXPECT_EQ(line.size(), 74U);
    EXPECT_TRUE(line.ends_with("\r\n"));
    text.append(line, 0, line.size() - 2).append(" ");
  }
  return text;
}

TEST(TextBlock, OfWordsHasSentencesOfSomeLength) {
  std::istringstream text(running_text(words_block(), 2'000));
  std::set<std::size_t> lengths;
  std::size_t words = 0;
  for (std::string word; text >> word;) {
    ++words;
    EXPECT_EQ(std::isupper(static_cast<unsigned char>(word.front())) != 0, words == 1) << word;
    EXPECT_TRUE(std::none_of(word.begin() + 1, word.end(),
                             [](unsigned char letter) { return std::isupper(letter) != 0; }));
    if (!word.ends_with('.')) continue;
    lengths.insert(words);
    words = 0;
  }
  ASSERT_FALSE(lengths.empty());
  // Of 4 to 15, and some words more where a line has no room for a word with a dot.
  EXPECT_EQ(*lengths.begin(), 4U);
  EXPECT_GE(*lengths.rbegin(), 15U);
  EXPECT_LE(*lengths.rbegin(), 20U);
  EXPECT_GE(lengths.size(), 12U);
}

}  // namespace
}  // namespace millrace::mail
