#pragma once

#include <string>
#include <string_view>

namespace millrace::sink {

// An unstructured field with its encoded words (RFC 2047) decoded: those in UTF-8, ISO-8859-1 and
// US-ASCII. Others, and what is no encoded word, stay as they are.
std::string decode_words(std::string_view text);

}  // namespace millrace::sink
