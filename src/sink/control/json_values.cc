#include "sink/control/json_values.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/number.h"
#include "base/utf8.h"

namespace millrace::sink {
namespace {

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// Digits of a time, from `text` on which they are taken, and then what must follow them.
std::optional<std::uint64_t> take_number(std::string_view& text, std::size_t digits, char end) {
  if (text.size() <= digits || text[digits] != end) return std::nullopt;
  const auto number = whole_number(text.substr(0, digits));
  text.remove_prefix(digits + 1);
  return number;
}

// ".5" of a second; empty: none.
std::optional<std::chrono::microseconds> fraction(std::string_view text) {
  constexpr std::size_t kDigits = 6;
  if (text.empty()) return std::chrono::microseconds(0);
  std::string digits(text.substr(1));
  if (text.front() != '.' || digits.empty()) return std::nullopt;
  digits.resize(kDigits, '0');
  const auto number = whole_number(digits);
  if (!number) return std::nullopt;
  return std::chrono::microseconds(*number);
}

}  // namespace

std::string wall_text(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%FT%T}.{:06}Z", fmt::gmtime(seconds.time_since_epoch().count()),
                     (time - seconds).count());
}

WallTime wall_now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::optional<WallTime> parse_wall(std::string_view text) {
  using std::chrono::day, std::chrono::month, std::chrono::year;
  if (!text.ends_with('Z') && !text.ends_with('z')) return std::nullopt;
  text.remove_suffix(1);
  const auto of_year = take_number(text, 4, '-');
  const auto of_month = take_number(text, 2, '-');
  const auto of_day = take_number(text, 2, 'T');
  const auto hours = take_number(text, 2, ':');
  const auto minutes = take_number(text, 2, ':');
  if (!of_year || !of_month || !of_day || !hours || !minutes || text.size() < 2) {
    return std::nullopt;
  }
  const auto seconds = whole_number(text.substr(0, 2));
  const auto rest = fraction(text.substr(2));
  const std::chrono::year_month_day date(year(static_cast<int>(*of_year)),
                                         month(static_cast<unsigned>(*of_month)),
                                         day(static_cast<unsigned>(*of_day)));
  if (!seconds || !rest || !date.ok() || *hours > 23 || *minutes > 59 || *seconds > 60) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
         std::chrono::seconds(*seconds) + *rest;
}

nlohmann::json text_json(std::string_view text) {
  if (is_utf8(text)) return text;
  return {{"base64", base64(text)}};
}

http::Response json_response(const nlohmann::json& value) {
  return {.media_type = "application/json", .body = value.dump() + "\n"};
}

}  // namespace millrace::sink
