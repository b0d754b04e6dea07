#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::mail {

// A field of a header section, as it stands there.
struct HeaderField {
  std::string_view name;  // without the blanks that may be ahead of its colon
  std::string_view text;  // all of it: name, colon, each line with its CR LF
};

// Puts the fields of a header section to the end of `fields`, in order. Lines end in CR LF. What is
// no field, as the line that begins a message of an mbox, is left out.
void append_fields(std::string_view header, std::vector<HeaderField>& fields);

// Whether this may be a field's name (RFC 5322, 2.2).
bool valid_field_name(std::string_view name);

// Names of fields are the same in any case.
bool same_field_name(std::string_view one, std::string_view other);

// Puts a field in DKIM's relaxed canonical form (RFC 6376, 3.4.2), with its CR LF, to the end of
// `out`.
void append_relaxed(const HeaderField& field, std::string& out);

}  // namespace millrace::mail
