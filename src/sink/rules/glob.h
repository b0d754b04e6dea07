#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink::rules {

// So many bytes a pattern may have.
inline constexpr std::size_t kLongestPattern = 1024;

// A pattern over a whole text (Pattern, in pattern.h, says what it is made of), compiled to plain
// data: matching allocates nothing. One that is a text, or has its only star in front or behind,
// costs a comparison; any other an automaton of a bit a character that it asks for, a few steps a
// byte whatever the text is.
class Glob {
 public:
  // Nothing when `text` is no glob; then `why` says what is wrong with it.
  static std::optional<Glob> parse(std::string_view text, std::string& why);

  [[nodiscard]] bool matches(std::string_view text) const;

  // Where it is a text, or a star and a text: that text in small letters, with which all that it
  // matches ends. Nothing of any other.
  [[nodiscard]] std::optional<std::string_view> ending() const {
    if (form_ != Form::whole && form_ != Form::suffix) return std::nullopt;
    return literal_;
  }
  // Whether it is a text, and matches nothing else.
  [[nodiscard]] bool is_text() const { return form_ == Form::whole; }

 private:
  enum class Form : std::uint8_t { whole, prefix, suffix, automaton };

  [[nodiscard]] bool automaton_matches(std::string_view text) const;
  [[nodiscard]] bool word_matches(std::string_view text) const;
  [[nodiscard]] bool words_match(std::string_view text) const;

  Form form_ = Form::whole;
  std::string literal_;  // in small letters; of an automaton, empty

  // The automaton: in state i the first i characters of the pattern have been found. Bit i of
  // `takes_`, a row a byte, says whether the next one may be that byte; of `stays_`, whether a
  // star stands there. A row is `words_` long.
  std::size_t states_ = 0;
  std::size_t words_ = 0;
  std::vector<std::uint64_t> takes_;
  std::vector<std::uint64_t> stays_;
};

}  // namespace millrace::sink::rules
