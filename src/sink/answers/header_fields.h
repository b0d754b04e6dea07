#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

// A field of a header section (RFC 5322, 2.2): its name, a view into the section, and its value,
// unfolded and without blanks around it.
struct HeaderField {
  std::string_view name;
  std::string value;
};

// The fields of a header section that anybody may have written: a line ends in LF, with or without
// a CR ahead of it, and one that is no field is passed over, with what continues it.
std::vector<HeaderField> header_fields(std::string_view section);

// The value of the first field of that name, in any case; empty when there is none.
std::string_view first_value(const std::vector<HeaderField>& fields, std::string_view name);

// Appends a field with its CR LF, folded at blanks where that keeps lines within 78 characters (RFC
// 5322, 2.1.1). `value` must be printable ASCII; no word of it is broken.
void append_field(std::string& text, std::string_view name, std::string_view value);

}  // namespace millrace::sink
