#pragma once

#include <string>

#include "proof/hash.h"

namespace millrace::proof {

// Which run a message is of: random bits, drawn when it starts.
using RunId = Hash128;

// As people read it: 32 hexadecimal digits, as in a stamp.
std::string to_text(const RunId& run);

}  // namespace millrace::proof
