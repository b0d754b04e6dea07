#pragma once

#include <cstddef>
#include <string_view>

namespace millrace::tests {

// What a glob means (sink/rules/pattern.h), said as simply as can be: for short ones that are
// well-formed, since a star tries every length.
namespace glob_model {

constexpr char other_case(char byte) {
  if (byte >= 'a' && byte <= 'z') return static_cast<char>(byte - 32);
  if (byte >= 'A' && byte <= 'Z') return static_cast<char>(byte + 32);
  return byte;
}

constexpr bool same(char one, char other) { return one == other || other_case(one) == other; }

constexpr bool within(char byte, char from, char to) {
  const auto number = [](char of) { return static_cast<unsigned char>(of); };
  return number(from) <= number(byte) && number(byte) <= number(to);
}

// Takes one member of a set off the front.
constexpr char take_member(std::string_view& set) {
  if (set[0] == '\\') set.remove_prefix(1);
  const char byte = set[0];
  set.remove_prefix(1);
  return byte;
}

// Whether a byte is of the set that begins behind the '[', which is taken off with its ']'.
constexpr bool in_set(char byte, std::string_view& set) {
  const bool negated = set[0] == '!' || set[0] == '^';
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (bool first = true; first || set[0] != ']'; first = false) {
    const char from = take_member(set);
    char to = from;
    if (set[0] == '-' && set[1] != ']') {
      set.remove_prefix(1);
      to = take_member(set);
    }
    found = found || within(byte, from, to) || within(other_case(byte), from, to);
  }
  set.remove_prefix(1);
  return found != negated;
}

constexpr bool matches(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  const char head = glob[0];
  glob.remove_prefix(1);
  if (head == '*') {
    for (std::size_t length = 0; length <= text.size(); ++length) {
      if (matches(glob, text.substr(length))) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  bool takes = head == '?';
  if (head == '[') {
    takes = in_set(text[0], glob);
  } else if (head == '\\') {
    takes = same(glob[0], text[0]);
    glob.remove_prefix(1);
  } else if (head != '?') {
    takes = same(head, text[0]);
  }
  return takes && matches(glob, text.substr(1));
}

}  // namespace glob_model
}  // namespace millrace::tests
