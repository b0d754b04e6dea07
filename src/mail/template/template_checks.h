#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mail/template/template_fields.h"

namespace millrace::mail {

// What the rows of a CSV must hold so that a template can be used with each of them.

// What a column must be where the template has it in its header section.
struct ColumnUse {
  std::size_t column;
  bool ascii;         // else UTF-8
  std::string field;  // the header field, by name

  friend bool operator==(const ColumnUse&, const ColumnUse&) = default;
};

// A mistake for each use for which some row is not fit; says the first of these.
void check_header_values(const Csv& csv, const std::vector<ColumnUse>& uses,
                         std::vector<std::string>& mistakes);

// A line that has columns in it, from `begin` to where its end is.
struct TemplateLine {
  std::size_t begin;
  std::size_t end;
  bool header;  // of the header section, where values may be put in quotes
};

// A mistake for each line of `text` that is too long with some row; says the first of these.
// `fields`: all of the text, in their order.
void check_line_lengths(const Csv& csv, std::string_view text,
                        const std::vector<TemplateField>& fields,
                        const std::vector<TemplateLine>& lines, std::string_view name,
                        std::vector<std::string>& mistakes);

}  // namespace millrace::mail
