#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/diagnostics.h"

namespace millrace::cli {

// What was given on a command line is one plain struct a program (source_arguments.h,
// sink_arguments.h), a field an option. Here is what is asked of such structs.

inline bool is_given(bool flag) { return flag; }
template <typename Value>
bool is_given(const std::optional<Value>& value) {
  return value.has_value();
}

// Whether the option that fills `Field` was given; or what a member function says of several.
template <auto Field, typename Arguments>
bool has(const Arguments& arguments) {
  return is_given(std::invoke(Field, arguments));
}

// Two options, or sets of them, that exclude or need each other, and what is said then. (CLI11's
// own needs() and excludes() know names only, and say no more than these.)
template <typename Arguments>
struct Combination {
  using Condition = bool (*)(const Arguments&);

  Condition one;
  Condition other;
  const char* sentence;
};

// Throws Fatal when both of a row are given.
template <typename Arguments>
void check_exclusions(const Arguments& arguments,
                      std::span<const Combination<Arguments>> exclusions) {
  for (const auto& [one, other, sentence] : exclusions) {
    if (one(arguments) && other(arguments)) throw Fatal(sentence);
  }
}

// Throws Fatal when the first of a row is given without the other.
template <typename Arguments>
void check_needs(const Arguments& arguments, std::span<const Combination<Arguments>> needs) {
  for (const auto& [one, other, sentence] : needs) {
    if (one(arguments) && !other(arguments)) throw Fatal(sentence);
  }
}

// Puts what was given in the place of a default.
template <typename Target, typename Value>
void put(Target& target, const std::optional<Value>& given) {
  if (given) target = *given;
}

}  // namespace millrace::cli
