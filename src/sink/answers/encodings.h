#pragma once

#include <string>
#include <string_view>

namespace millrace::sink {

// How bytes of others become part of a message that is well-formed whatever they are.

// Whether `text` can go as it is, "7bit" (RFC 2045, 2.7): ASCII without NUL, lines of at most 998
// bytes that end in CR LF, and no CR or LF besides.
bool seven_bit(std::string_view text);

// The same bytes as quoted-printable (RFC 2045, 6.7): CR LF stays a line end, and everything that
// is not printable ASCII is encoded, a lone CR or LF too.
std::string quoted_printable(std::string_view bytes);

// Whether `text` has more than ASCII in it, and is UTF-8 that a person may be shown
// (base/printable.h): no line end, nor any other control character.
bool international(std::string_view text);

// The same of a header section, whose lines end in CR LF and may have tabs (RFC 6532).
bool international_header(std::string_view section);

// Such text with its characters beyond ASCII as "\x{E4}", their number in hexadecimal; the rest as
// it is (RFC 6533, 3: EmbeddedUnicodeChar).
std::string seven_bit_escapes(std::string_view text);

// The same, of an address: escaped is also what has a meaning in that form (utf-8-addr-xtext).
std::string utf8_address(std::string_view address);

// What an unstructured field may hold, from what somebody wrote there: at most `most` bytes of it,
// as it is where that is printable ASCII whose encoded words are well-formed, else as encoded words
// in UTF-8 (RFC 2047), in which what no person should be shown is escaped (base/printable.h).
std::string unstructured(std::string_view text, std::size_t most);

}  // namespace millrace::sink
