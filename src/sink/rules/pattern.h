#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sink/rules/glob.h"

namespace re2 {
class RE2;
}

namespace millrace::sink::rules {

// What the groups of a /regex/ found, the whole match first; views into the text. A glob has none.
using Groups = std::vector<std::string_view>;

// Groups beyond it are not told: {9} is the last that can be named.
inline constexpr std::size_t kMostGroups = 9;

// A glob ("*@big.test": * any text, ? one byte, [a-z] [!a-z] one of a set, \ before a character for
// itself) over the whole text, or a /regex/ of RE2 that may match anywhere in it. Neither knows the
// case of ASCII letters. Both take time linear in the text. Cheap to copy; safe on all threads.
class Pattern {
 public:
  // Nothing when `text` is no pattern; then `why` says what is wrong with it.
  static std::optional<Pattern> parse(std::string_view text, std::string& why);

  // `groups`: null when nobody asks for them; set only when it matches.
  [[nodiscard]] bool matches(std::string_view text, Groups* groups = nullptr) const;

  // How many groups a /regex/ has, besides the whole; kMostGroups at most.
  [[nodiscard]] std::size_t groups() const;

  // Null for a /regex/.
  [[nodiscard]] const Glob* glob() const { return std::get_if<Glob>(&form_); }

 private:
  using Regex = std::shared_ptr<const re2::RE2>;

  explicit Pattern(std::variant<Glob, Regex> form) : form_(std::move(form)) {}

  std::variant<Glob, Regex> form_;
};

// Several of them, of which some may be negated with "!": one that is not must match, if there is
// any such, and none that is.
class Patterns {
 public:
  void add(Pattern pattern, bool negated);

  // `groups`: those of the first that matches; set only when all holds, and empty where none but
  // negated ones are given.
  [[nodiscard]] bool matches(std::string_view text, Groups* groups = nullptr) const;

  // As many as each has that is not negated.
  [[nodiscard]] std::size_t groups() const;

  // Those that are not negated, and those that are.
  [[nodiscard]] const std::vector<Pattern>& any() const { return any_; }
  [[nodiscard]] const std::vector<Pattern>& none() const { return none_; }

 private:
  std::vector<Pattern> any_;
  std::vector<Pattern> none_;
};

}  // namespace millrace::sink::rules
