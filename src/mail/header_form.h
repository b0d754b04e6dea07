#pragma once

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

}  // namespace millrace::mail
