#include "mail/text_block.h"

#include <algorithm>

#include "base/line_end.h"
#include "mail/body.h"
#include "mail/content.h"
#include "mail/words.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kTextBlock = 1 << 20;

// Any will do: blocks are the same in all runs.
constexpr std::uint64_t kSeed = 5322;

// Writes sentences.
class Sentences {
 public:
  // The next so many characters, which begin and end with a word.
  std::string take(std::size_t characters) {
    std::string text;
    while (text.size() < characters) {
      const std::size_t room = characters - text.size() - (text.empty() ? 0 : 1);
      const bool ends = left_ == 1 && room > 2;
      std::string word(random_word(roll_));
      if (ends) word += '.';
      // Either nothing is left behind it, or a blank and a word of one letter at least.
      if (word.size() != room && word.size() + 2 > room) continue;
      if (begins_) word.front() = static_cast<char>(word.front() - 'a' + 'A');
      if (!text.empty()) text += ' ';
      text += word;
      begins_ = ends;
      left_ = ends ? kFewest + roll_.below(kMore) : std::max<std::uint64_t>(left_ - 1, 1);
    }
    return text;
  }

 private:
  static constexpr std::uint64_t kFewest = 4;  // words of one
  static constexpr std::uint64_t kMore = 12;

  Roll roll_{kSeed};
  std::uint64_t left_ = kFewest;  // words of this one
  bool begins_ = true;
};

// Lines of so many characters besides what is around them.
TextBlock sentences_block(std::string_view before, std::string_view behind) {
  constexpr std::size_t kLine = 72;
  std::string lines;
  Sentences sentences;
  while (lines.size() < kTextBlock) {
    lines.append(before).append(sentences.take(kLine - before.size() - behind.size()));
    lines.append(behind).append(kLineEnd);
  }
  return {std::move(lines), kLine + kLineEnd.size()};
}

TextBlock make_base64() {
  constexpr std::size_t kLine = 76;
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string lines;
  Roll roll(kSeed);
  while (lines.size() < kTextBlock) {
    for (std::size_t count = 0; count < kLine; ++count) lines += kAlphabet[roll.below(64)];
    lines.append(kLineEnd);
  }
  return {std::move(lines), kLine + kLineEnd.size()};
}

TextBlock make_filler() {
  constexpr std::size_t kLine = 80;
  constexpr std::size_t kTenLines = 10 * kLine;
  constexpr std::size_t kSize = kTextBlock / kTenLines * kTenLines;
  // With a byte of the next line, so that the last one ends as the others do.
  return {payload_body(kSize + 1).substr(0, kSize), kLine};
}

}  // namespace

std::uint64_t TextBlock::share(std::size_t first, std::uint64_t most, Content& content) const {
  const std::uint64_t whole = most - most % line_size_;
  std::string_view lines = std::string_view(lines_).substr(first * line_size_);
  for (std::uint64_t left = whole; left > 0; lines = lines_) {
    const std::string_view part = lines.substr(0, left);
    content.share(part, {});
    left -= part.size();
  }
  return whole;
}

const TextBlock& words_block() {
  static const TextBlock block = sentences_block("", "");
  return block;
}

const TextBlock& html_block() {
  static const TextBlock block = sentences_block("<p>", "</p>");
  return block;
}

const TextBlock& base64_block() {
  static const TextBlock block = make_base64();
  return block;
}

const TextBlock& filler_block() {
  static const TextBlock block = make_filler();
  return block;
}

}  // namespace millrace::mail
