#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/csv.h"
#include "mail/template/template.h"
#include "mail/template/template_fields.h"

namespace millrace::mail {

struct TemplateRead {
  Template compiled;  // meant to be used only where there are no mistakes
  // All of them (up to kMostTemplateMistakes), each "FILE:LINE:COLUMN: what is wrong" with
  // characters for columns, or, of a field that has a value which cannot stand where the template
  // has it, "CSV:LINE: what is wrong".
  std::vector<std::string> mistakes;
};

// Compiles a template: the text of a message, its lines ending in LF or CR LF. `name`: what it is
// called in mistakes. `fields`: what it may name the columns of, and must outlast what is made of
// it; null: nothing. Never throws for what a text holds.
//
// A text that begins with a header field has a header section, up to the first empty line or, as
// there need be none (RFC 5322, 2.1), to the end. One that does not is a body alone; an empty line
// in front of it is then no part of it. From, To, Date and Message-ID are put in front where they
// are not in the section, and the headers of the run.
//
// "{{name}}", with or without blanks in the braces, is the value of a column, or of n (the
// message's number), date, message_id (with its angle brackets), recipient, sender, random.word or
// random.number. It may stand anywhere but in the name of a header field:
//
// - In an unstructured field (Subject, and those that are not known to be structured) the whole
//   value is put in encoded words (RFC 2047) when it is not ASCII, else folded where it is long.
// - In a field of addresses, what is ahead of a '<' is a display name, which is quoted or encoded
//   as a whole where it needs that; all else stays as it is, UTF-8 too (RFC 6532). What stands
//   between the '>' of a mailbox and the next comma, but for comments, is a mistake.
// - In other structured fields it stays as it is, and must be ASCII.
// - In the body it stays as it is but for line breaks, which become CR LF.
//
// A column that is used in the header section must have no line break in any row, and be UTF-8, as
// must the text around it in an unstructured field or one of addresses. No line that a column is
// put in may come to more than 998 bytes (RFC 5322, 2.1.1), before it is encoded; what is longer in
// the template, or by what is not in a column, is left so.
TemplateRead read_template(std::string_view text, std::string_view name, const Csv* fields);

}  // namespace millrace::mail
