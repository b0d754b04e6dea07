#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/printable.h"
#include "report/text.h"

namespace millrace::report {

// Lines for people, from whatever was said: every text among the arguments becomes printable,
// unless Style made it. Summary, comparison and live view are written by it, so that no other place
// has to think of what a server's reply, or a file, may hold.
class Writer {
  template <typename Argument>
  static constexpr bool kAsItIs =
      std::is_same_v<Argument, Styled> || std::is_arithmetic_v<Argument>;
  template <typename Argument>
  using Shown = std::conditional_t<kAsItIs<Argument>, Argument, std::string>;

  template <typename Argument>
  static Shown<Argument> shown(const Argument& argument) {
    if constexpr (kAsItIs<Argument>) {
      return argument;
    } else {
      return printable(argument);
    }
  }

 public:
  // `style` must outlive the writer.
  explicit Writer(const Style& style) : style_(style) {}

  [[nodiscard]] const Style& style() const { return style_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

  template <typename... Arguments>
  void line(fmt::format_string<Shown<Arguments>...> format, const Arguments&... arguments) {
    fmt::vformat_to(std::back_inserter(text_), format, fmt::make_format_args(shown(arguments)...));
    text_ += '\n';
  }
  // A bold line behind an empty one.
  void heading(std::string_view text) { line("\n{}", style_.bold(text)); }

 private:
  const Style& style_;
  std::string text_;
};

}  // namespace millrace::report
