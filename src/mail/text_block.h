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
// messages: what differs between them is where in it they begin. All lines have the same size, so
// that nothing of it has to be looked at for that. None begins with a dot, nor has one of words or
// base64 more than 78 characters (RFC 5322, 2.1.1).
class TextBlock {
 public:
  // `lines`: whole ones of `line_size` bytes each, at least one.
  TextBlock(std::string lines, std::size_t line_size)
      : lines_(std::move(lines)), line_size_(line_size) {}
  TextBlock(const TextBlock&) = delete;
  TextBlock& operator=(const TextBlock&) = delete;

  // Any line.
  [[nodiscard]] std::size_t draw_line(Roll& roll) const {
    return roll.below(lines_.size() / line_size_);
  }
  // It, with its CR LF.
  [[nodiscard]] std::string_view line(std::size_t number) const {
    return std::string_view(lines_).substr(number * line_size_, line_size_);
  }

  // Puts as many whole lines as come to `most` bytes or less, from one on and then from the first
  // as often as needed; says how many bytes these are.
  std::uint64_t share(std::size_t first, std::uint64_t most, Content& content) const;

 private:
  std::string lines_;
  std::size_t line_size_;
};

// Sentences of words.
const TextBlock& words_block();
// The same in HTML: each line is a paragraph.
const TextBlock& html_block();
// Base64 of random bytes, in lines of 76 characters (RFC 2045, 6.8).
const TextBlock& base64_block();
// Lines of payload_body() (mail/body.h): ten of them, as often as it has room for.
const TextBlock& filler_block();

}  // namespace millrace::mail
