#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::config {

// Where something stands in a file; both from 1 on, columns in characters.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

constexpr bool operator<(const Place& one, const Place& other) {
  return one.line != other.line ? one.line < other.line : one.column < other.column;
}

// What is wrong in a file: found in any order, told in that of the file.
class Mistakes {
 public:
  // No more than so many are told of one file, and how many there are besides.
  static constexpr std::size_t kMostTold = 1000;

  // `file`: its name.
  explicit Mistakes(std::string_view file) : file_(file) {}

  // "what (expected expected)", or what alone. Both may hold what the file says: it is made
  // printable.
  void add(Place place, std::string_view what, std::string_view expected = {});

  [[nodiscard]] std::size_t size() const { return found_.size(); }

  // Each "FILE:LINE:COLUMN: what (expected what)".
  [[nodiscard]] std::vector<std::string> told() const;

  // "FILE:LINE:COLUMN".
  [[nodiscard]] std::string describe(Place place) const;

 private:
  std::string file_;
  std::vector<std::pair<Place, std::string>> found_;
};

}  // namespace millrace::config
