#include "sasl/users.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostics.h"
#include "base/input_file.h"

namespace millrace::sasl {
namespace {

// Takes the first line off the front of a file's text, if there is one.
bool next_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  const std::size_t end = std::min(text.find('\n'), text.size());
  line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  text.remove_prefix(std::min(end + 1, text.size()));
  return true;
}

}  // namespace

std::vector<User> read_users(const std::string& path) {
  const std::string file = read_all(open_on_this_host(path), path);
  std::string_view text = file;
  std::vector<User> users;
  std::string_view line;
  for (int number = 1; next_line(text, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t comma = line.find(',');
    if (comma == std::string_view::npos || comma == 0) {
      throw Fatal(fmt::format("{}: line {}: expected user,password", path, number));
    }
    users.push_back({std::string(line.substr(0, comma)), std::string(line.substr(comma + 1))});
  }
  if (users.empty()) throw Fatal(path + ": no users in it");
  return users;
}

std::string read_password(const std::string& path) {
  std::string line = read_first_line(path);
  if (line.empty()) throw Fatal(path + ": no password in it");
  return line;
}

}  // namespace millrace::sasl
