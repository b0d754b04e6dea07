#include "proof/stamp.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

#include "base/ascii.h"

namespace millrace::proof {
namespace {

// The figures of a stamp in the order of kStampForm; one of 128 bits is two of them.
using Figure = std::uint64_t& (*)(Stamp&);
constexpr std::array<Figure, 18> kFigures = {
    [](Stamp& s) -> std::uint64_t& { return s.run.high; },
    [](Stamp& s) -> std::uint64_t& { return s.run.low; },
    [](Stamp& s) -> std::uint64_t& { return s.number; },
    [](Stamp& s) -> std::uint64_t& { return s.due; },
    [](Stamp& s) -> std::uint64_t& { return s.sent; },
    [](Stamp& s) -> std::uint64_t& { return s.content.size; },
    [](Stamp& s) -> std::uint64_t& { return s.content.header.exact; },
    [](Stamp& s) -> std::uint64_t& { return s.content.body.exact.high; },
    [](Stamp& s) -> std::uint64_t& { return s.content.body.exact.low; },
    [](Stamp& s) -> std::uint64_t& { return s.content.body.size; },
    [](Stamp& s) -> std::uint64_t& { return s.content.body.canonical.high; },
    [](Stamp& s) -> std::uint64_t& { return s.content.body.canonical.low; },
    [](Stamp& s) -> std::uint64_t& { return s.content.body.mark; },
    [](Stamp& s) -> std::uint64_t& { return s.content.body.encodings; },
    [](Stamp& s) -> std::uint64_t& { return s.content.header.fields; },
    [](Stamp& s) -> std::uint64_t& { return s.content.header.canonical; },
    [](Stamp& s) -> std::uint64_t& { return s.tag.high; },
    [](Stamp& s) -> std::uint64_t& { return s.tag.low; },
};

// Where a figure stands.
struct Place {
  std::size_t at = 0;
  std::size_t width = 0;
  bool decimal = false;
};

constexpr std::size_t kMostHexadecimal = 16;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

constexpr std::array<Place, kFigures.size()> places() {
  std::array<Place, kFigures.size()> all{};
  std::size_t number = 0;
  for (std::size_t at = 0; at < kStampForm.size();) {
    const char kind = kStampForm[at];
    if (kind != 'D' && kind != 'H') {
      ++at;
      continue;
    }
    Place place{.at = at, .width = 0, .decimal = kind == 'D'};
    while (kStampForm[at] == kind && (place.decimal || place.width < kMostHexadecimal)) {
      ++at;
      ++place.width;
    }
    all.at(number++) = place;
  }
  return all;
}
constexpr auto kPlaces = places();
static_assert(kPlaces.back().width == kMostHexadecimal, "a row for each figure");

constexpr bool is_white(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

// What a stamp has byte by byte without its white space.
struct Step {
  std::uint8_t base = 0;    // of a digit; 0: it is a letter
  char letter = 0;          // in small letters
  std::uint8_t digits = 0;  // of the figure, with this one, that are still to come
};

constexpr std::size_t kSteps = static_cast<std::size_t>(
    std::count_if(kStampForm.begin(), kStampForm.end(), [](char byte) { return !is_white(byte); }));

constexpr std::array<Step, kSteps> steps() {
  std::array<Step, kSteps> all{};
  std::size_t number = 0;
  std::size_t figure = 0;
  for (std::size_t at = 0; at < kStampForm.size(); ++at) {
    const char byte = kStampForm[at];
    if (is_white(byte)) continue;
    Step& step = all.at(number++);
    step.letter = lower(byte);
    if (byte != 'D' && byte != 'H') continue;
    step.base = byte == 'D' ? 10 : 16;
    step.digits = static_cast<std::uint8_t>(kPlaces.at(figure).at + kPlaces.at(figure).width - at);
    if (step.digits == 1) ++figure;
  }
  return all;
}
constexpr auto kForm = steps();

constexpr std::uint64_t in_each_byte(std::uint8_t byte) { return kMost / 0xff * byte; }

// Eight hexadecimal digits at once, each in a byte of its own.
void write_eight(std::uint32_t value, char* digits) {
  std::uint64_t said = value;
  said = (said | said << 16) & 0x0000ffff0000ffff;
  said = (said | said << 8) & 0x00ff00ff00ff00ff;
  said = (said | said << 4) & in_each_byte(0x0f);
  const std::uint64_t letter = (said + in_each_byte(6)) >> 4 & in_each_byte(1);
  std::uint64_t text = said + in_each_byte('0') + letter * ('a' - '0' - 10);
  if constexpr (std::endian::native == std::endian::little) text = __builtin_bswap64(text);
  std::memcpy(digits, &text, sizeof text);
}

// The lowest ones, noughts ahead.
template <std::uint64_t kBase>
void write_digits(std::uint64_t value, std::span<char> digits) {
  for (std::size_t i = digits.size(); i-- > 0; value /= kBase) {
    digits[i] = "0123456789abcdef"[value % kBase];
  }
}

// What a digit says; nothing else is below 16.
constexpr std::array<std::uint8_t, 256> digit_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(0xff);
  for (std::uint8_t i = 0; i < 16; ++i) {
    values.at(static_cast<std::uint8_t>("0123456789abcdef"[i])) = i;
    values.at(static_cast<std::uint8_t>("0123456789ABCDEF"[i])) = i;
  }
  return values;
}
constexpr auto kDigitValues = digit_values();

// Of a stamp's bytes all bits where it has letters, none where it has digits.
constexpr std::array<std::uint8_t, kStampSize> letters() {
  std::array<std::uint8_t, kStampSize> all{};
  for (std::size_t at = 0; at < kStampSize; ++at) {
    all.at(at) = kStampForm[at] == 'D' || kStampForm[at] == 'H' ? 0 : 0xff;
  }
  return all;
}
constexpr auto kLetters = letters();

// Whether all letters are there; without a branch, so that the compiler looks at many at once.
bool has_letters(std::span<const char, kStampSize> text) {
  std::uint8_t other = 0;
  for (std::size_t at = 0; at < kStampSize; ++at) {
    const auto differs = static_cast<std::uint8_t>(text[at] ^ kStampForm[at]);
    other = static_cast<std::uint8_t>(other | (differs & kLetters[at]));
  }
  return other == 0;
}

// What write_digits() writes, into `value`; whether it is that.
bool read_decimal(std::string_view digits, std::uint64_t& value) {
  // In 20 digits there is room for more than 64 bits have.
  constexpr std::size_t kSurelyFits = 19;
  std::uint64_t greatest = 0;
  value = 0;
  for (const char byte : digits.substr(0, kSurelyFits)) {
    const std::uint64_t digit = static_cast<std::uint64_t>(byte) - '0';
    greatest = std::max(greatest, digit);
    value = value * 10 + digit;
  }
  if (greatest > 9) return false;
  if (digits.size() <= kSurelyFits) return true;
  const std::uint64_t last = static_cast<std::uint64_t>(digits.back()) - '0';
  return last <= 9 && !__builtin_mul_overflow(value, 10U, &value) &&
         !__builtin_add_overflow(value, last, &value);
}

// The same of what write_eight() writes.
bool read_eight(const char* digits, std::uint64_t& value) {
  std::uint64_t text = 0;
  std::memcpy(&text, digits, sizeof text);
  if constexpr (std::endian::native == std::endian::little) text = __builtin_bswap64(text);
  const std::uint64_t letter = text >> 6 & in_each_byte(1);  // '0' is 0x30, 'a' is 0x61
  const std::uint64_t low = text & in_each_byte(0x0f);
  const std::uint64_t said = low + letter * 9;
  // A letter says 10 to 15, a digit less than 10; and both are written so.
  const std::uint64_t ten_or_more = (said + in_each_byte(6)) >> 4 & in_each_byte(1);
  const bool read = text == low + in_each_byte(0x30) + letter * 0x30 && ten_or_more == letter &&
                    (said & in_each_byte(0x10)) == 0;
  std::uint64_t packed = (said | said >> 4) & 0x00ff00ff00ff00ff;
  packed = (packed | packed >> 8) & 0x0000ffff0000ffff;
  value = value << 32 | ((packed | packed >> 16) & 0xffffffff);
  return read;
}

bool read_hexadecimal(std::string_view digits, std::uint64_t& value) {
  value = 0;
  if (digits.size() == kMostHexadecimal) {
    const bool upper = read_eight(digits.data(), value);
    return read_eight(digits.data() + 8, value) && upper;
  }
  for (const char byte : digits) {
    const std::uint8_t digit = kDigitValues[static_cast<std::uint8_t>(byte)];
    if (digit > 0xf || byte != lower(byte)) return false;
    value = value << 4 | digit;
  }
  return true;
}

// Reads one that is as write_stamp() writes it, letter by letter; nothing: it is not.
std::optional<Stamp> read_written_stamp(std::span<const char, kStampSize> text) {
  if (!has_letters(text)) return {};
  const std::string_view written(text.data(), text.size());
  Stamp stamp;
  bool read = true;
  for (std::size_t i = 0; i < kFigures.size(); ++i) {
    const std::string_view digits = written.substr(kPlaces[i].at, kPlaces[i].width);
    std::uint64_t& value = kFigures[i](stamp);
    read = read &&
           (kPlaces[i].decimal ? read_decimal(digits, value) : read_hexadecimal(digits, value));
  }
  if (!read) return {};
  return stamp;
}

}  // namespace

void write_stamp(const Stamp& stamp, std::span<char, kStampSize> text) {
  std::copy(kStampForm.begin(), kStampForm.end(), text.begin());
  Stamp figures = stamp;
  for (std::size_t i = 0; i < kFigures.size(); ++i) {
    const std::span<char> digits = text.subspan(kPlaces[i].at, kPlaces[i].width);
    const std::uint64_t value = kFigures[i](figures);
    if (kPlaces[i].decimal) {
      write_digits<10>(value, digits);
    } else if (digits.size() == kMostHexadecimal) {
      write_eight(static_cast<std::uint32_t>(value >> 32), digits.data());
      write_eight(static_cast<std::uint32_t>(value), digits.data() + 8);
    } else {
      write_digits<16>(value, digits);
    }
  }
}

void StampParser::begin() {
  stamp_ = {};
  state_ = State::reading;
  place_ = 0;
  figure_ = 0;
  value_ = 0;
}

void StampParser::take_written(std::span<const char, kStampSize> text) {
  const std::optional<Stamp> written = read_written_stamp(text);
  state_ = written ? State::complete : State::other;
  if (written) stamp_ = *written;
}

bool StampParser::expects(char letter) const {
  return state_ == State::reading && kForm[place_].base == 0 &&
         kForm[place_].letter == lower(letter);
}

// Digits of the figure that is read, as many as there are ahead of anything else; how many.
template <std::uint64_t kBase>
std::size_t StampParser::take_digits(std::string_view text) {
  const std::size_t most = std::min<std::size_t>(text.size(), kForm[place_].digits);
  std::size_t taken = 0;
  for (; taken < most; ++taken) {
    const std::uint64_t digit = kDigitValues[static_cast<std::uint8_t>(text[taken])];
    // In 20 decimal digits there is room for more than 64 bits have.
    if (digit >= kBase || value_ > (kMost - digit) / kBase) break;
    value_ = value_ * kBase + digit;
  }
  if (taken == kForm[place_].digits) {
    kFigures[figure_++](stamp_) = value_;
    value_ = 0;
  }
  place_ += taken;
  return taken;
}

// What a stamp has here, of text that begins with no white space: digits, or one letter; 0: it has
// something else.
std::size_t StampParser::take_next(std::string_view text) {
  switch (kForm[place_].base) {
    case 10:
      return take_digits<10>(text);
    case 16:
      return take_digits<16>(text);
    default:
      if (lower(text.front()) != kForm[place_].letter) return 0;
      ++place_;
      return 1;
  }
}

std::size_t StampParser::take(std::string_view text) {
  std::size_t taken = 0;
  while (taken < text.size() && state_ == State::reading) {
    if (is_white(text[taken])) {
      ++taken;
      continue;
    }
    const std::size_t more = take_next(text.substr(taken));
    if (more == 0) state_ = named() ? State::malformed : State::other;
    if (place_ == kForm.size()) state_ = State::complete;
    taken += more;
  }
  return taken;
}

}  // namespace millrace::proof
