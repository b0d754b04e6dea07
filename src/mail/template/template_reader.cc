#include "mail/template/template_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/input_file.h"
#include "base/utf8.h"
#include "mail/template/template_checks.h"
#include "mail/template/template_compiler.h"

namespace millrace::mail {
namespace {

// Without a byte order mark, with a CR LF in place of each LF, and behind a last line that has
// none.
std::string with_line_ends(std::string_view text) {
  text = without_byte_order_mark(text);
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.append(line).append("\r\n");
  }
  return lines;
}

// The line and the character in it, each counted from 1.
std::string place_in(std::string_view text, std::size_t place) {
  const std::string_view before = text.substr(0, place);
  const auto line = std::ranges::count(before, '\n');
  const std::string_view on_line = before.substr(before.rfind('\n') + 1);
  const auto column =
      std::ranges::count_if(on_line, [](char byte) { return !continues_utf8(byte); });
  return fmt::format("{}:{}", line + 1, column + 1);
}

}  // namespace

TemplateRead read_template(std::string_view text, std::string_view name, const Csv* fields) {
  const std::string lines = with_line_ends(text);
  TemplateCompiler compiler(lines, fields);
  TemplateRead read{.compiled = compiler.compile()};

  std::vector<TemplateMistake> mistakes = compiler.mistakes();
  std::ranges::stable_sort(mistakes, {}, &TemplateMistake::place);
  if (mistakes.size() > kMostTemplateMistakes) mistakes.resize(kMostTemplateMistakes);
  for (const TemplateMistake& mistake : mistakes) {
    read.mistakes.push_back(
        fmt::format("{}:{}: {}", name, place_in(lines, mistake.place), mistake.text));
  }
  if (fields == nullptr) return read;
  check_header_values(*fields, compiler.header_uses(), read.mistakes);
  check_line_lengths(*fields, lines, compiler.fields(), compiler.lines_with_columns(), name,
                     read.mistakes);
  return read;
}

}  // namespace millrace::mail
