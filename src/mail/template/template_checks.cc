#include "mail/template/template_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "mail/content.h"
#include "mail/template/encoded_words.h"

namespace millrace::mail {
namespace {

// RFC 5322, 2.1.1, without the CR LF.

// What a value may not be; empty: nothing.
std::string_view wrong_in_header(std::string_view value, bool ascii) {
  if (value.find_first_of("\r\n") != std::string_view::npos) return "a line break";
  if (is_ascii(value)) return {};
  if (ascii) return "more than ASCII";
  return is_utf8(value) ? "" : "what is not UTF-8";
}

// A line, cut where columns are.
struct Cut {
  std::size_t constant = 0;              // bytes ahead
  const TemplateField* field = nullptr;  // a column behind these; null at the end
};

std::vector<Cut> cut(const TemplateLine& line, const std::vector<TemplateField>& fields) {
  std::vector<Cut> cuts(1);
  std::size_t place = line.begin;
  auto field = std::ranges::lower_bound(fields, line.begin, {}, &TemplateField::begin);
  for (; field != fields.end() && field->begin < line.end; ++field) {
    cuts.back().constant += field->begin - place;
    place = field->end;
    if (!field->step || field->step->does != TemplateStep::Does::column) continue;
    cuts.back().field = &*field;
    cuts.emplace_back();
  }
  cuts.back().constant += line.end - place;
  return cuts;
}

// The longest line that a line of the template becomes with a row.
std::size_t longest_line(const Csv& csv, std::size_t row, const std::vector<Cut>& cuts,
                         bool header) {
  std::size_t longest = 0;
  std::size_t length = 0;
  for (const Cut& part : cuts) {
    length += part.constant;
    if (part.field == nullptr) break;
    std::string_view value = csv.field(row, part.field->step->begin);
    if (header) {
      // Quotes around it, and what is escaped within.
      length += 2 + static_cast<std::size_t>(std::ranges::count_if(
                        value, [](char byte) { return byte == '"' || byte == '\\'; }));
    }
    for (std::size_t end = 0; (end = value.find_first_of("\r\n")) != std::string_view::npos;) {
      longest = std::max(longest, length + end);
      length = 0;
      value.remove_prefix(end + 1);
    }
    length += value.size();
  }
  return std::max(longest, length);
}

// Whether no row makes the line too long: a quick look, by the longest of each column.
bool surely_fits(const std::vector<Cut>& cuts, const std::vector<std::size_t>& longest) {
  std::size_t length = 0;
  for (const Cut& part : cuts) {
    length += part.constant;
    if (part.field != nullptr) length += 2 * longest[part.field->step->begin] + 2;
  }
  return length <= kLongestLine;
}

std::vector<std::size_t> longest_values(const Csv& csv) {
  std::vector<std::size_t> longest(csv.columns().size(), 0);
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    for (std::size_t column = 0; column < longest.size(); ++column) {
      longest[column] = std::max(longest[column], csv.field(row, column).size());
    }
  }
  return longest;
}

}  // namespace

void check_header_values(const Csv& csv, const std::vector<ColumnUse>& uses,
                         std::vector<std::string>& mistakes) {
  for (const ColumnUse& use : uses) {
    for (std::size_t row = 0; row < csv.rows(); ++row) {
      const std::string_view wrong = wrong_in_header(csv.field(row, use.column), use.ascii);
      if (wrong.empty()) continue;
      mistakes.push_back(fmt::format("{}:{}: '{}' has {}, which {} cannot have", csv.name(),
                                     csv.line(row), csv.columns()[use.column], wrong, use.field));
      break;
    }
  }
}

void check_line_lengths(const Csv& csv, std::string_view text,
                        const std::vector<TemplateField>& fields,
                        const std::vector<TemplateLine>& lines, std::string_view name,
                        std::vector<std::string>& mistakes) {
  if (lines.empty()) return;
  const std::vector<std::size_t> longest = longest_values(csv);
  for (const TemplateLine& line : lines) {
    const std::vector<Cut> cuts = cut(line, fields);
    std::size_t constant = 0;
    for (const Cut& part : cuts) constant += part.constant;
    if (constant > kLongestLine || surely_fits(cuts, longest)) continue;
    for (std::size_t row = 0; row < csv.rows(); ++row) {
      if (longest_line(csv, row, cuts, line.header) <= kLongestLine) continue;
      mistakes.push_back(fmt::format(
          "{}:{}: makes line {} of {} longer than {} bytes", csv.name(), csv.line(row),
          std::ranges::count(text.substr(0, line.begin), '\n') + 1, name, kLongestLine));
      break;
    }
  }
}

}  // namespace millrace::mail
