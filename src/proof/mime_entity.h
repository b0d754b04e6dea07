#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::proof {

// How a body is written (RFC 2045, 6.1): each a bit, so that several are told at once.
enum class Encoding : std::uint8_t { none = 0, quoted_printable = 1, base64 = 2 };

// What parts of a multipart are told apart by (RFC 2046, 5.1.1).
class Boundary {
 public:
  static constexpr std::size_t kLongest = 70;

  // `text`: not longer than kLongest.
  void set(std::string_view text) {
    text.copy(text_.data(), kLongest);
    size_ = std::min(text.size(), kLongest);
  }
  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, kLongest> text_{};
  std::size_t size_ = 0;
};

// What the header of a message or of a part says of what is below it.
struct MimeEntity {
  enum class Kind : std::uint8_t {
    text,       // of any type: what is to be decoded
    multipart,  // parts between boundaries
    message,    // a message with a header of its own (RFC 2046, 5.2.1; RFC 6532, 3.7)
  };
  Kind kind = Kind::text;
  Encoding encoding = Encoding::none;  // counts for text alone (RFC 2045, 6.4)
  Boundary boundary;
};

// Whether both are the same in any case (ASCII). `low` is in small letters.
bool same_in_any_case(std::string_view text, std::string_view low);

// Takes down what a field in canonical form (canonical_header.h) says of its entity. What is not
// understood, as an encoding that nobody knows or a multipart without a good boundary, says
// nothing.
void note_field(std::string_view field, MimeEntity& entity);

}  // namespace millrace::proof
