#pragma once

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

// What may be used besides plain text.
struct Style {
  bool colour = false;
  bool unicode = false;

  // What suits a stream that goes to `descriptor`: colour on a terminal and without NO_COLOR,
  // blocks and the like where its locale has UTF-8.
  static Style of(int descriptor);

  [[nodiscard]] std::string bold(std::string_view text) const { return wrap("1", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return wrap("31", text); }
  [[nodiscard]] std::string green(std::string_view text) const { return wrap("32", text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return wrap("2", text); }

  // A bar of `share` (0 to 1) of `width` columns, without padding.
  [[nodiscard]] std::string bar(double share, std::size_t width) const;
  // One column for each value, as high as it is.
  [[nodiscard]] std::string sparkline(const std::vector<double>& values) const;

 private:
  [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const;
};

}  // namespace millrace::report
