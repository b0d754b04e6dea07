#include "sink/rules/rule_values.h"

#include <algorithm>
#include <charconv>

#include "base/number.h"
#include "base/quantity.h"

namespace millrace::sink::rules {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

bool take(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

std::optional<SizeRange> from_to(std::string_view from, std::string_view to) {
  const auto least = byte_size(from);
  const auto most = byte_size(to);
  if (!least || !most || *most < *least) return std::nullopt;
  return SizeRange{.least = *least, .most = *most};
}

// The byte that two hexadecimal digits write.
std::optional<char> hexadecimal(std::string_view digits) {
  unsigned char byte = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, byte, 16);
  if (digits.size() != 2 || error != std::errc() || stop != end) return std::nullopt;
  return static_cast<char>(byte);
}

}  // namespace

std::optional<SizeRange> parse_size_range(std::string_view text) {
  const bool above = take(text, ">");
  const bool below = !above && take(text, "<");
  if (!above && !below) {
    const std::size_t dash = text.find('-');
    return dash == std::string_view::npos ? from_to(text, text)
                                          : from_to(text.substr(0, dash), text.substr(dash + 1));
  }
  const bool itself = take(text, "=");
  const auto bound = byte_size(text);
  if (!bound) return std::nullopt;
  if (itself) return above ? SizeRange{.least = *bound} : SizeRange{.most = *bound};
  if (*bound == (above ? kLargest : 0)) return std::nullopt;  // no size is beyond it
  return above ? SizeRange{.least = *bound + 1} : SizeRange{.most = *bound - 1};
}

std::optional<Over> parse_over(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto count = whole_number(text.substr(0, slash));
  const auto window = duration(text.substr(slash + 1));
  if (!count || !window || *window == Duration::zero()) return std::nullopt;
  return Over{.count = *count, .window = *window};
}

std::optional<During> parse_during(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view end = text.substr(dash + 1);
  const auto from = duration(text.substr(0, dash));
  const auto to = end.empty() ? Duration::max() : duration(end);
  if (!from || !to || *to <= *from) return std::nullopt;
  return During{.from = *from, .to = *to};
}

std::optional<std::uint64_t> parse_throttle(std::string_view text) {
  if (text.ends_with("/s")) text.remove_suffix(2);
  const auto bytes = byte_size(text);
  if (!bytes || *bytes == 0) return std::nullopt;
  return bytes;
}

std::optional<std::string> parse_raw(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('\\'), text.size());
    bytes += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (take(text, "\\\\")) {
      bytes += '\\';
      continue;
    }
    if (!take(text, "\\x")) return std::nullopt;
    const auto byte = hexadecimal(text.substr(0, 2));
    if (!byte) return std::nullopt;
    bytes += *byte;
    text.remove_prefix(2);
  }
  return bytes;
}

}  // namespace millrace::sink::rules
