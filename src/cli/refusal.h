#pragma once

#include <span>

#include "base/diagnostics.h"

namespace millrace::cli {

// An option of a program that the one of many processes cannot have, and what to use instead.
template <typename Arguments>
struct Refusal {
  bool (*given)(const Arguments& given);
  const char* why;
};

// Throws Fatal for the first of them that is given.
template <typename Arguments>
void refuse(const Arguments& given, std::span<const Refusal<Arguments>> refusals) {
  for (const Refusal<Arguments>& one : refusals) {
    if (one.given(given)) throw Fatal(one.why);
  }
}

}  // namespace millrace::cli
