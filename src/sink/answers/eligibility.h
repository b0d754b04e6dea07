#pragma once

#include <string_view>
#include <vector>

#include "sink/answers/header_fields.h"

namespace millrace::sink {

// Whether a program may answer a message (RFC 3834, 2): its sender is somebody who can be written
// to, no program and no list, and neither does its header say that it comes from one. `sender`: the
// reverse-path without its brackets, empty for the null sender; all answers go there (RFC 3834, 4).
bool may_be_answered(std::string_view sender, const std::vector<HeaderField>& fields);

}  // namespace millrace::sink
