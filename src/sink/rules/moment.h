#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>

#include "smtp/verb.h"

namespace millrace::sink::rules {

// When rules are asked: a command has come (the connection and the end of data count as one,
// smtp/verb.h), or content is about to come.
using Moment = std::size_t;

inline constexpr Moment kContent = smtp::kVerbCount;
inline constexpr std::size_t kMomentCount = kContent + 1;

using Moments = std::bitset<kMomentCount>;

constexpr Moment moment(smtp::Verb verb) { return smtp::index(verb); }

// "RCPT", "." or "CONTENT".
constexpr std::string_view moment_name(Moment moment) {
  return moment == kContent ? "CONTENT" : smtp::kVerbKeywords[moment];
}

}  // namespace millrace::sink::rules
