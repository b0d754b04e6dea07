#include "proof/recipient_token.h"

#include <limits>

#include "base/ascii.h"
#include "base/decimal.h"
#include "base/number.h"

namespace millrace::proof {
namespace {

constexpr std::string_view kTag = "+m";

// Crockford's order: no letter that is taken for a digit or for another letter.
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr unsigned kBits = 5;
constexpr std::size_t kChecks = 2;
// The end of a number, so that two stand behind each other: the highest of a digit's bits says that
// another one follows.
constexpr unsigned kValueBits = kBits - 1;
constexpr std::uint64_t kMore = 1U << kValueBits;

void append_number(std::uint64_t number, std::string& text) {
  while (number >= kMore) {
    text += kDigits[number % kMore | kMore];
    number /= kMore;
  }
  text += kDigits[number];
}

std::optional<std::uint64_t> digit_value(char digit) {
  const std::size_t value = kDigits.find(lower(digit));
  if (value == kDigits.npos) return {};
  return value;
}

// Takes a number off the beginning, in the one form that it has.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; !text.empty(); shift += kValueBits) {
    const auto digit = digit_value(text.front());
    if (!digit || shift >= std::numeric_limits<std::uint64_t>::digits) return {};
    text.remove_prefix(1);
    number |= (*digit % kMore) << shift;
    if (*digit >= kMore) continue;
    if (*digit == 0 && shift > 0) return {};
    return number;
  }
  return {};
}

// Spreads all bits of both numbers (the finalizer of splitmix64).
std::uint64_t check_of(const RecipientToken& token) {
  std::uint64_t mixed = token.message * 0xd1342543de82ef95 + token.recipient + 1;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111eb;
  return mixed >> (std::numeric_limits<std::uint64_t>::digits - kBits * kChecks);
}

std::optional<RecipientToken> read_tagged(std::string_view text) {
  const std::size_t plus = text.rfind(kTag[0]);
  if (plus == text.npos) return {};
  text.remove_prefix(plus + 1);
  if (text.empty() || (text[0] != 'm' && text[0] != 'M')) return {};
  text.remove_prefix(1);
  const auto message = take_number(text);
  const auto recipient = message ? take_number(text) : std::nullopt;
  if (!recipient || text.size() != kChecks) return {};
  const auto high = digit_value(text[0]);
  const auto low = digit_value(text[1]);
  const RecipientToken token{.message = *message, .recipient = *recipient};
  if (!high || !low || (*high << kBits | *low) != check_of(token)) return {};
  return token;
}

// Takes a number with its dash off the end, as append_token() writes it.
std::optional<std::uint64_t> take_number_behind(std::string_view& text) {
  const std::size_t dash = text.rfind('-');
  if (dash == text.npos) return {};
  const std::string_view digits = text.substr(dash + 1);
  text = text.substr(0, dash);
  if (digits.size() > 1 && digits.front() == '0') return {};
  return whole_number(digits);
}

std::optional<RecipientToken> read_numbered(std::string_view text) {
  const auto recipient = take_number_behind(text);
  const auto message = recipient ? take_number_behind(text) : std::nullopt;
  if (!message) return {};
  return RecipientToken{.message = *message, .recipient = *recipient};
}

}  // namespace

void append_token(const RecipientToken& token, TokenForm form, std::string& local_part) {
  if (form == TokenForm::numbered) {
    local_part += '-';
    append_decimal(token.message, local_part);
    local_part += '-';
    append_decimal(token.recipient, local_part);
    return;
  }
  local_part += kTag;
  append_number(token.message, local_part);
  append_number(token.recipient, local_part);
  const std::uint64_t check = check_of(token);
  local_part += kDigits[check >> kBits];
  local_part += kDigits[check % (1U << kBits)];
}

std::optional<RecipientToken> read_token(std::string_view local_part, TokenForm form) {
  return form == TokenForm::tagged ? read_tagged(local_part) : read_numbered(local_part);
}

}  // namespace millrace::proof
