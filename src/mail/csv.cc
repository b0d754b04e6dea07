#include "mail/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

// What ends a field without quotes, or must not be in one.
constexpr std::array<bool, 256> kEndsField = [] {
  std::array<bool, 256> ends{};
  for (const char byte : {',', '\r', '\n', '"', '\0'})
    ends[static_cast<unsigned char>(byte)] = true;
  return ends;
}();

}  // namespace

// Takes fields from the front of a text, and writes what they hold to where it began: that is never
// longer.
class Csv::Reader {
 public:
  enum class End : std::uint8_t { field, row, file };

  Reader(std::string& text, const std::string& name)
      : text_(text), name_(name), read_(text.size() - without_byte_order_mark(text).size()) {}

  [[nodiscard]] bool done() const { return read_ == text_.size(); }
  [[nodiscard]] bool at_empty_line() const {
    return std::string_view(text_).substr(read_, 1) == "\n" ||
           std::string_view(text_).substr(read_, 2) == "\r\n";
  }
  // Where what was taken so far ends.
  [[nodiscard]] std::size_t written() const { return written_; }
  // The names are kept elsewhere: rows are written from the beginning.
  void rewind() { written_ = 0; }
  [[nodiscard]] std::size_t line() const { return line_; }

  // Takes a field and what ends it; says what that was.
  End take() {
    if (!done() && text_[read_] == '"') {
      take_quoted();
    } else {
      const std::size_t begin = read_;
      while (!done() && !kEndsField[static_cast<unsigned char>(text_[read_])]) ++read_;
      keep(begin, read_);
    }
    return take_end();
  }

  [[noreturn]] void fail(std::size_t line, std::string_view what) const {
    throw Fatal(fmt::format("{}:{}: {}", name_, line, what));
  }

 private:
  void keep(std::size_t begin, std::size_t end) {
    std::copy(text_.begin() + static_cast<std::ptrdiff_t>(begin),
              text_.begin() + static_cast<std::ptrdiff_t>(end),
              text_.begin() + static_cast<std::ptrdiff_t>(written_));
    written_ += end - begin;
  }

  void take_quoted() {
    const std::size_t first_line = line_;
    for (;;) {
      const std::size_t begin = ++read_;  // behind a quote
      const std::size_t quote = text_.find('"', begin);
      const std::string_view within = std::string_view(text_).substr(begin, quote - begin);
      if (quote == std::string::npos) fail(first_line, "a quote that is not closed");
      const std::size_t nul = within.find('\0');
      line_ += static_cast<std::size_t>(std::ranges::count(within.substr(0, nul), '\n'));
      if (nul != std::string_view::npos) fail(line_, "a NUL");
      const bool doubled = std::string_view(text_).substr(quote + 1, 1) == "\"";
      keep(begin, quote + (doubled ? 1 : 0));
      read_ = quote + 1;
      if (!doubled) return;
    }
  }

  End take_end() {
    if (done()) return End::file;
    const char byte = text_[read_++];
    if (byte == ',') return End::field;
    if (byte == '\0') fail(line_, "a NUL");
    if (byte == '"') fail(line_, "a quote in a field that does not begin with one");
    if (byte == '\r' && (done() || text_[read_++] != '\n')) {
      fail(line_, "a CR without LF, outside of quotes");
    }
    if (byte != '\r' && byte != '\n') fail(line_, "text behind the quote that ends a field");
    ++line_;
    return done() ? End::file : End::row;
  }

  std::string& text_;
  const std::string& name_;
  std::size_t read_;
  std::size_t written_ = 0;
  std::size_t line_ = 1;
};

Csv::Csv(std::string text, std::string name) : name_(std::move(name)), text_(std::move(text)) {
  Reader reader(text_, name_);
  if (text_.size() > kMostBytes) {
    throw Fatal(fmt::format("{}: larger than {} bytes", name_, kMostBytes));
  }
  if (reader.done()) reader.fail(1, "no names of columns: the file is empty");

  auto ended = Reader::End::field;
  while (ended == Reader::End::field) {
    const std::size_t begin = reader.written();
    const std::size_t line = reader.line();
    ended = reader.take();
    const std::string_view column =
        smtp::without_blanks(std::string_view(text_).substr(begin, reader.written() - begin));
    if (column.empty()) reader.fail(line, "a column without a name");
    if (column.find_first_of("\r\n") != std::string_view::npos) {
      reader.fail(line, "a line break in the name of a column");
    }
    if (this->column(column)) {
      reader.fail(line, fmt::format("two columns are called '{}'", beginning(column)));
    }
    if (columns_.size() == kMostColumns) {
      reader.fail(line, fmt::format("more than {} columns", kMostColumns));
    }
    columns_.emplace_back(column);
  }
  if (ended == Reader::End::file) reader.fail(reader.line(), "no row below the names of columns");

  reader.rewind();
  while (ended != Reader::End::file) {
    const std::size_t line = reader.line();
    if (reader.at_empty_line()) reader.fail(line, "an empty line");
    const std::size_t before = ends_.size();
    do {
      ended = reader.take();
      ends_.push_back(static_cast<std::uint32_t>(reader.written()));
    } while (ended == Reader::End::field);
    if (const std::size_t fields = ends_.size() - before; fields != columns_.size()) {
      reader.fail(
          line, fmt::format("a row of {} field{}, where {} column{} named", fields, plural(fields),
                            columns_.size(), columns_.size() == 1 ? " is" : "s are"));
    }
  }
  text_.resize(reader.written());
  ends_.shrink_to_fit();
}

Csv Csv::read(const std::string& path) {
  return {read_all(open_input(path), path, kMostBytes), path};
}

std::optional<std::size_t> Csv::column(std::string_view name) const {
  const auto found = std::ranges::find(columns_, name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

// Line breaks of the file are those between rows, and those within fields.
std::size_t Csv::line(std::size_t row) const {
  const std::string_view fields = text_;
  const std::size_t begin = row == 0 ? 0 : ends_[row * columns_.size() - 1];
  constexpr std::size_t kFirst = 2;  // the names are on one
  return kFirst + row + static_cast<std::size_t>(std::ranges::count(fields.substr(0, begin), '\n'));
}

}  // namespace millrace::mail
