// CSV files: a table as it was written, or refused with the line.
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "mail/csv.h"
#include "pieces.h"

using namespace millrace;
using mail::Csv;

namespace {

// Each field in quotes.
void write(std::string_view field, std::string& text) {
  text += '"';
  for (const char byte : field) text.append(byte == '"' ? 2 : 1, byte);
  text += '"';
}

std::string written(const Csv& csv) {
  std::string text;
  for (const std::string& name : csv.columns()) {
    if (&name != csv.columns().data()) text += ',';
    write(name, text);
  }
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    for (std::size_t column = 0; column < csv.columns().size(); ++column) {
      text += column == 0 ? '\n' : ',';
      write(csv.field(row, column), text);
    }
  }
  return text;
}

void check(const Csv& csv, std::string_view text) {
  fuzz::require(csv.rows() > 0);
  const std::string again = written(csv);
  const Csv other(again, "again");
  fuzz::require(written(other) == again);
  const auto lines = 1 + static_cast<std::size_t>(std::ranges::count(text, '\n'));
  std::size_t line = 1;
  for (std::size_t row = 0; row < std::min<std::size_t>(csv.rows(), 100); ++row) {
    fuzz::require(csv.line(row) > line && csv.line(row) <= lines);
    fuzz::require(csv.line(row) == other.line(row));
    line = csv.line(row);
  }
}

// What is between semicolons comes back from a file that has it as its rows.
void check_rows_of(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return;
  std::vector<std::string_view> rows;
  std::string file = "x";
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find(';');
    rows.push_back(text.substr(0, end));
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
    file += '\n';
    write(rows.back(), file);
  }
  const Csv csv(file, "rows");
  fuzz::require(csv.rows() == rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) fuzz::require(csv.field(row, 0) == rows[row]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    check_rows_of(text);
    check(Csv(text, "fields"), text);
  } catch (const Fatal& fatal) {
    const std::string_view said = fatal.what();
    fuzz::require(said.starts_with("fields:"));
    fuzz::require(said.size() > 9 && said[7] >= '1' && said[7] <= '9');
  }
  return 0;
}
