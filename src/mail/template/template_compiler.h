#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/template/template.h"
#include "mail/template/template_checks.h"
#include "mail/template/template_fields.h"

namespace millrace::mail {

// Makes steps of the text of a template (template_reader.h says what they do), from its front to
// its end. What is wrong with it is put down, and passed over.
class TemplateCompiler {
 public:
  // `text`: its lines end in CR LF; it outlasts the compiler. `csv` may be null.
  TemplateCompiler(std::string_view text, const Csv* csv);

  // All steps, with a copy of the text that they refer to. Once.
  Template compile();

  // In no order.
  [[nodiscard]] const std::vector<TemplateMistake>& mistakes() const { return mistakes_; }

  // What rows have to be looked at for.
  [[nodiscard]] const std::vector<TemplateField>& fields() const { return fields_; }
  [[nodiscard]] const std::vector<ColumnUse>& header_uses() const { return uses_; }
  [[nodiscard]] std::vector<TemplateLine> lines_with_columns() const;

 private:
  // The line at a place, without its end; and where the next one begins.
  [[nodiscard]] std::string_view line_at(std::size_t begin) const;
  [[nodiscard]] std::size_t behind_line(std::size_t begin) const;

  // Steps for what is next, up to `end`: done_ moves there, and never back.
  void put_until(std::size_t end);
  void put_value(const TemplateStep& step);
  void put_text(std::size_t end);
  void copy_text(std::size_t end);
  // The whole lines of it, if they are worth it: shared pieces begin and end with lines.
  void share_lines(std::size_t end);
  void put_literal(std::string_view literal);
  // Whether there are fields in what is next, up to `end`.
  [[nodiscard]] bool has_fields(std::size_t end) const;

  // They begin where steps have been made up to.
  void read_header_section();
  void read_header_field(std::size_t end);
  void check_constant_text(std::size_t begin, std::size_t end);
  void read_unstructured(std::size_t begin, std::size_t end);
  void read_addresses(std::size_t begin, std::size_t end);
  void read_display_name(std::size_t begin, std::size_t end);

  void note_columns(std::size_t end, bool ascii, std::string_view header);
  void put_missing_headers();
  [[nodiscard]] bool has_line_breaks(std::size_t column);

  std::string_view text_;
  const Csv* csv_;
  std::vector<TemplateMistake> mistakes_;
  std::vector<TemplateField> fields_;
  std::vector<ColumnUse> uses_;
  std::vector<std::string_view> headers_;         // names of those that the text has
  std::vector<std::optional<bool>> line_breaks_;  // of columns that were asked for

  std::vector<TemplateStep> steps_;
  std::string literals_;  // what steps put that the text lacks: behind it
  std::size_t done_ = 0;  // steps have been made for so much of the text
  std::size_t next_ = 0;  // of the fields: the first in what is left
  std::size_t body_ = 0;  // where in the text the body begins, or the empty line before it
  bool in_body_ = false;  // that is next
};

}  // namespace millrace::mail
