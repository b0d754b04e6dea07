#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sink/rules/pattern.h"

namespace millrace::sink::rules {

// Whether one of the lines of a header is as `patterns` want, and none is what they negate; one
// that is folded (RFC 5322, 2.2.3) is one line. `head`: a content's beginning, with CR LF or LF;
// the header ends with the empty line. `groups`: null when nobody asks for them; `line` is what
// they are views into where that is not `head`.
bool header_matches(const Patterns& patterns, std::string_view head, Groups* groups,
                    std::unique_ptr<const std::string>& line);

}  // namespace millrace::sink::rules
