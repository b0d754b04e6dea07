#include "mail/text_block.h"

#include "mail/body.h"
#include "mail/words.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kBlock = 1 << 20;
constexpr std::size_t kLongestLine = 78;

// Any will do: blocks are the same in all runs.
constexpr std::uint64_t kSeed = 5322;

// Writes sentences, a word at a time.
class Sentences {
 public:
  // The next word, with what is behind it. Of at most kLongestWord characters and one more.
  std::string next() {
    constexpr std::uint64_t kFewest = 4;
    constexpr std::uint64_t kMore = 12;
    std::string word(random_word(roll_));
    if (left_ == 0) {
      left_ = kFewest + roll_.below(kMore);
      word.front() = static_cast<char>(word.front() - 'a' + 'A');
    }
    if (--left_ == 0) word += '.';
    return word;
  }
  [[nodiscard]] bool ended() const { return left_ == 0; }

 private:
  Roll roll_{kSeed};
  std::uint64_t left_ = 0;
};

// As many words as fit in a line.
std::string line_of(Sentences& sentences, std::size_t longest) {
  std::string line = sentences.next();
  while (line.size() + 1 + kLongestWord + 1 <= longest) line.append(" ").append(sentences.next());
  return line;
}

std::string words() {
  constexpr std::size_t kLinesOfParagraph = 5;
  std::string block;
  Sentences sentences;
  while (block.size() < kBlock) {
    for (std::size_t line = 0; line < kLinesOfParagraph; ++line) {
      block.append(line_of(sentences, kLongestLine)).append("\r\n");
    }
    block.append("\r\n");
  }
  return block;
}

std::string html() {
  constexpr std::string_view kBegin = "<p>";
  constexpr std::string_view kEnd = "</p>\r\n";
  std::string block;
  Sentences sentences;
  while (block.size() < kBlock) {
    block.append(kBegin);
    block.append(line_of(sentences, kLongestLine + 2 - kBegin.size() - kEnd.size()));
    block.append(kEnd);
  }
  return block;
}

std::string base64() {
  constexpr std::size_t kLine = 76;
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string block;
  Roll roll(kSeed);
  while (block.size() < kBlock) {
    for (std::size_t count = 0; count < kLine; ++count) block += kAlphabet[roll() % 64];
    block.append("\r\n");
  }
  return block;
}

std::string filler() {
  constexpr std::size_t kLine = 80;
  constexpr std::size_t kTenLines = 10 * kLine;
  std::string block = payload_body(kBlock / kTenLines * kTenLines + 1);
  block.resize(block.size() - 3);  // the line that was begun
  return block;
}

}  // namespace

std::size_t TextBlock::draw_line(Roll& roll) const {
  const std::size_t line = lines_.find('\n', roll.below(lines_.size())) + 1;
  return line == lines_.size() ? 0 : line;
}

std::uint64_t TextBlock::share(std::size_t line, std::uint64_t most, Content& content) const {
  std::uint64_t left = most;
  for (;;) {
    const std::string_view part = from(line).substr(0, left);
    const std::string_view whole = part.substr(0, part.rfind('\n') + 1);
    content.share(whole, Content::Dots::none);
    left -= whole.size();
    if (whole.size() < from(line).size()) return most - left;
    line = 0;
  }
}

const TextBlock& words_block() {
  static const TextBlock block(words());
  return block;
}

const TextBlock& html_block() {
  static const TextBlock block(html());
  return block;
}

const TextBlock& base64_block() {
  static const TextBlock block(base64());
  return block;
}

const TextBlock& filler_block() {
  static const TextBlock block(filler());
  return block;
}

}  // namespace millrace::mail
