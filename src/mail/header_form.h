#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::mail {

// What the value of a header field is made of.
enum class HeaderForm : std::uint8_t {
  unstructured,  // text (RFC 5322, 3.2.5): also what is not known to be anything else
  addresses,     // mailboxes with their display names (RFC 5322, 3.4)
  structured,    // else
};
HeaderForm form_of_header(std::string_view name);

// The length of the name of the header field that `line` begins with (RFC 5322, 2.2); 0: with none.
std::size_t header_name_length(std::string_view line);

}  // namespace millrace::mail
