#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/roll.h"
#include "mail/content.h"

namespace millrace::mail {

// A megabyte of lines that bodies are taken from without a copy. Made once, and shared by all
// messages: what differs between them is where in it they begin. No line begins with a dot, or has
// more than 78 characters besides its CR LF (RFC 5322, 2.1.1).
class TextBlock {
 public:
  // `lines`: whole ones, at least one.
  explicit TextBlock(std::string lines) : lines_(std::move(lines)) {}
  TextBlock(const TextBlock&) = delete;
  TextBlock& operator=(const TextBlock&) = delete;

  // Where a line begins: any one, by the roll.
  [[nodiscard]] std::size_t draw_line(Roll& roll) const;
  // The lines from a place on.
  [[nodiscard]] std::string_view from(std::size_t line) const {
    return std::string_view(lines_).substr(line);
  }

  // Puts as many whole lines as come to `most` bytes or less, from `line` on and then from the
  // beginning as often as needed; says how many bytes these are.
  std::uint64_t share(std::size_t line, std::uint64_t most, Content& content) const;

 private:
  std::string lines_;
};

// Sentences of words, in paragraphs.
const TextBlock& words_block();
// The same in HTML: each line is a paragraph.
const TextBlock& html_block();
// Base64 of random bytes, in lines of 76 characters (RFC 2045, 6.8).
const TextBlock& base64_block();
// Lines of payload_body() (mail/body.h): ten of them, as often as it has room for.
const TextBlock& filler_block();

}  // namespace millrace::mail
