#include "report/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/printable.h"

namespace millrace::report {
namespace {

// Three digits that count.
std::string three_digits(double number) {
  return fmt::format("{:.{}f}", number, number < 9.995 ? 2 : number < 99.95 ? 1 : 0);
}

}  // namespace

std::string latency(double microseconds) {
  if (microseconds < 999.5) return fmt::format("{:.0f} us", microseconds);
  if (microseconds < 999'500) return fmt::format("{} ms", three_digits(microseconds / 1e3));
  return fmt::format("{} s", three_digits(microseconds / 1e6));
}

std::string count(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string bytes(double number) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; number >= 999.5 && unit + 1 < kUnits.size(); ++unit) number /= 1e3;
  return fmt::format("{} {}", unit == 0 ? fmt::format("{:.0f}", number) : three_digits(number),
                     kUnits[unit]);
}

std::string rate(double a_second) {
  if (a_second >= 9'999.5)
    return count(static_cast<std::uint64_t>(std::llround(a_second))).append("/s");
  return fmt::format("{:.1f}/s", a_second);
}

std::string percent(double share) {
  const double percent = share * 100;
  if (percent == 0) return "0%";
  if (percent < 0.001) return "<0.001%";
  return fmt::format("{:.{}f}%", percent, percent < 0.0995 ? 3 : percent < 9.95 ? 2 : 1);
}

std::string span(double seconds) {
  if (seconds < 119.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 3'600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3'600, whole % 3'600 / 60);
}

Style Style::of(int descriptor) {
  const bool terminal = isatty(descriptor) == 1;
  const char* const no_color = std::getenv("NO_COLOR");
  const bool wanted = no_color == nullptr || *no_color == '\0';
  return {.colour = terminal && wanted,
          .unicode = terminal && charset_of_locale() == Charset::utf8};
}

Styled Style::wrap(std::string_view code, std::string_view text) const {
  if (!colour) return {printable(text)};
  return {fmt::format("\x1b[{}m{}\x1b[0m", code, printable(text))};
}

Styled Style::bar(double share, std::size_t width) const {
  constexpr std::array<std::string_view, 8> kParts = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double columns = std::clamp(share, 0.0, 1.0) * static_cast<double>(width);
  if (!unicode) {
    const auto whole = static_cast<std::size_t>(std::lround(columns));
    return {std::string(share > 0 ? std::max<std::size_t>(whole, 1) : 0, '#')};
  }
  const auto eighths = static_cast<std::size_t>(std::lround(columns * 8));
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  text += kParts[eighths % 8];
  if (text.empty() && share > 0) text = kParts[1];
  return {std::move(text)};
}

Styled Style::sparkline(const std::vector<double>& values) const {
  constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<std::string_view, 8> kLetters = {"_", ".", ":", "-", "=", "+", "*", "#"};
  const auto& steps = unicode ? kBlocks : kLetters;
  const double most = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  std::string text;
  for (const double value : values) {
    const double share = most > 0 ? std::max(value, 0.0) / most : 0;
    text += steps[static_cast<std::size_t>(std::lround(share * 7))];
  }
  return {std::move(text)};
}

}  // namespace millrace::report
