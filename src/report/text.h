#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::report {

// How figures are written for people. Widths do not grow with the figures, as far as they can.

// "850 us", "1.25 ms", "12.5 ms", "3.20 s", "95.0 s": at most seven characters up to an hour.
std::string latency(double microseconds);

// "1,234,567".
std::string count(std::uint64_t number);

// "512 B", "12.3 kB", "4.56 GB": of 1,000.
std::string bytes(double number);

// "498.7/s", "12,345/s".
std::string rate(double a_second);

// "0%", "0.013%", "12.5%".
std::string percent(double share);

// "30.0 s", "2 min 5 s", "1 h 3 min".
std::string span(double seconds);

// Text that a Style made: fit for a terminal as it is.
struct Styled {
  std::string text;
};

// What may be used besides plain text. What is coloured becomes printable (base/printable.h).
struct Style {
  bool colour = false;
  bool unicode = false;

  // What suits a stream that goes to `descriptor`: colour on a terminal and without NO_COLOR,
  // blocks and the like where its locale has UTF-8.
  static Style of(int descriptor);

  [[nodiscard]] Styled bold(std::string_view text) const { return wrap("1", text); }
  [[nodiscard]] Styled red(std::string_view text) const { return wrap("31", text); }
  [[nodiscard]] Styled green(std::string_view text) const { return wrap("32", text); }

  // A bar of `share` (0 to 1) of `width` columns, without padding.
  [[nodiscard]] Styled bar(double share, std::size_t width) const;
  // One column for each value, as high as it is.
  [[nodiscard]] Styled sparkline(const std::vector<double>& values) const;

 private:
  [[nodiscard]] Styled wrap(std::string_view code, std::string_view text) const;
};

}  // namespace millrace::report

template <>
struct fmt::formatter<millrace::report::Styled> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const millrace::report::Styled& styled, Context& context) const {
    return fmt::formatter<std::string_view>::format(styled.text, context);
  }
};
