// mail/ is what is sent: bodies, headers, recipients. It knows the protocol's words but nothing
// of sessions, sockets or time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::mail {

// Bodies as they are: lines end in CR LF (but for binary ones), dots are single, there is no end
// mark.

// The four lines that are sent when nothing else is asked for.
std::string default_body();

// A payload of `length` bytes, 'X' filled: each full line of 80 bytes starts with its number
// modulo 10, counting from 1, and ends in CR LF. A CR LF follows the payload.
std::string payload_body(std::size_t length);

// A message from a file's text, headers and all: a CR LF after each line in place of its LF or
// CR LF, and one more CR LF at the end. Where all lines end in CR LF it is left as it is, but for
// a CR LF after a last line that has no end.
std::string preformatted_body(std::string_view text);

// The header section of a message, whatever its lines end in: what is ahead of its first empty
// line, or all of it.
std::string_view header_section(std::string_view message);

// A body with leading dots doubled, as DATA needs it (RFC 5321, 4.5.2).
std::string double_dots(std::string_view body);

// Takes from `text`, at the beginning of a line, what goes up to the next line that begins with a
// dot. The rest begins with it: there a dot is put.
std::string_view take_until_dot(std::string_view& text);

}  // namespace millrace::mail
