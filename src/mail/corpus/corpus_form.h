#pragma once

#include <cstdint>

namespace millrace::mail {

// How the messages of a corpus are sent.
enum class CorpusForm : std::uint8_t {
  fresh,  // as if their authors sent them now: without the fields that are made anew
  is,     // as they are, but for the ends of lines
};

}  // namespace millrace::mail
