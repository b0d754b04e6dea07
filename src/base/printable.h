#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// What may be shown as it is.
enum class Charset : std::uint8_t { ascii, utf8 };

// That of the locale, by the environment.
Charset charset_of_locale();

// Text of others (a server, a client, a file, a command line) as a person may be shown it: nothing
// in it can drive a terminal, end a line, or turn the order of letters round. Control characters,
// DEL, C1, invisible and bidirectional formatting characters, and what is no UTF-8 (in ASCII: every
// 8-bit byte) are written as \n, \x1b or \u202e.
std::string printable(std::string_view text, Charset charset = charset_of_locale());

// The beginning of a text that may be long, to be quoted: at most so many bytes and no part of a
// character, with "..." for what is left out.
std::string beginning(std::string_view text, std::size_t most = 80);

// The same between single quotes and printable, NULs too: what a message of an exception may have.
std::string in_quotes(std::string_view text);

}  // namespace millrace
