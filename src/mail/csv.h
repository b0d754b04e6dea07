#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::mail {

// A table from a CSV file (RFC 4180): a row of names, then rows of as many fields. A field may be
// in double quotes, and then hold commas, line breaks and doubled quotes; lines end in LF or CR LF,
// the last one with or without. Bytes are taken as they are, UTF-8 or not; a byte order mark is
// passed over.
//
// All fields are in one block of text, in order and without what separates them; each costs 4 bytes
// more, the place where it ends.
class Csv {
 public:
  // The most bytes of a file: a place in it has 32 bits.
  static constexpr std::size_t kMostBytes = 0xffff'ffff;
  static constexpr std::size_t kMostColumns = 1'000;

  // What `text` says; `name`: what it is called in mistakes. Throws Fatal "NAME:LINE: what is
  // wrong" at the first of these: no row of fields, a name that is empty or there twice, a row that
  // is shorter or longer than the names, an empty line, a quote that is not closed, one in a field
  // that does not begin with it, text behind the one that closes, a CR without LF outside of
  // quotes, a NUL, a limit that is passed.
  Csv(std::string text, std::string name);

  // The same of a file. Throws Fatal also when it cannot be read.
  static Csv read(const std::string& path);

  [[nodiscard]] const std::string& name() const { return name_; }
  // The names of the columns, without blanks around them.
  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  // The place of a column that is called so.
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;

  // At least one.
  [[nodiscard]] std::size_t rows() const { return ends_.size() / columns_.size(); }
  [[nodiscard]] std::string_view field(std::size_t row, std::size_t column) const {
    const std::size_t place = row * columns_.size() + column;
    const std::size_t begin = place == 0 ? 0 : ends_[place - 1];
    return std::string_view(text_).substr(begin, ends_[place] - begin);
  }
  // The line of the file, counted from 1, on which a row begins.
  [[nodiscard]] std::size_t line(std::size_t row) const;

 private:
  class Reader;

  std::string name_;
  std::vector<std::string> columns_;
  std::string text_;
  std::vector<std::uint32_t> ends_;
};

}  // namespace millrace::mail
