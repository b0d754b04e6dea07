#pragma once

#include <string>
#include <string_view>

#include "base/input_copies.h"

namespace millrace::cli {

// What rank 0 of a run has for all others: what it says, and the files that it has read.
std::string with_files(std::string_view said, InputCopies files);

struct OpenedLetter {
  std::string said;
  InputCopies files;  // of which nothing else can be read
};

// Both again, of what with_files() has made.
OpenedLetter open_letter(std::string letter);

}  // namespace millrace::cli
