#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "metrics/histogram.h"

namespace millrace::metrics {

// The histogram in HdrHistogram's V2 compressed encoding, in Base64: what its log files hold and
// its readers in other languages open ("HISTFAAA...").
std::string encode(const Histogram& histogram);

// What encode() made, here or elsewhere, with the same range and precision; nothing when `text`
// is anything else.
std::optional<Histogram> decode(std::string_view text);

// The same for many of them: what `histogram` held is replaced, and its memory used again. Returns
// whether it was one; else what it holds is of no use.
bool decode(std::string_view text, Histogram& histogram);

}  // namespace millrace::metrics
