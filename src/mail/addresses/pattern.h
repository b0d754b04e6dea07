#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/addresses/address_part.h"

namespace millrace::mail {

// Addresses, or domains or local parts, that differ by numbers: "u{1-5000}@mid{01-40}.test" is
// 200,000 of them. None is stored: each is a function of its number. No two are the same.
class Pattern {
 public:
  static constexpr std::uint64_t kMostValues = std::uint64_t{1} << 48;
  static constexpr std::uint64_t kLargestNumber = 999'999'999'999'999'999;
  static constexpr std::size_t kMostRanges = 8;

  // `text`: with {FIRST-LAST} for a range of whole numbers, or without any. Where FIRST begins with
  // a 0, as in {01-99}, numbers have at least as many digits as it has. All values are valid for
  // the part. Nothing when it is no such pattern, and `why` says what is wrong.
  static std::optional<Pattern> parse(std::string_view text, AddressPart part, std::string& why);

  // How many values it has.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Whether they are ASCII, as all of them are or none.
  [[nodiscard]] bool ascii() const;

  // Puts value `number`, below size(), to the end of `text`. The last range counts fastest.
  void append(std::uint64_t number, std::string& text) const;

 private:
  struct Range {
    std::string before;       // text between the range and the one before it
    std::uint64_t first = 0;  // its numbers
    std::uint64_t count = 1;
    std::size_t digits = 1;  // at least
  };

  static std::optional<Range> parse_range(std::string_view text, std::string& why);
  [[nodiscard]] bool ambiguous() const;

  std::vector<Range> ranges_;
  std::string behind_;  // the text behind the last range
  std::uint64_t size_ = 1;
};

}  // namespace millrace::mail
