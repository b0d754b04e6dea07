#include "sasl/users.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>

#include "base/diagnostics.h"

namespace millrace::sasl {
namespace {

std::ifstream open_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  if (!file) throw Fatal(describe_error("open " + path, errno != 0 ? errno : EIO));
  return file;
}

bool next_line(std::ifstream& file, std::string& line) {
  if (!std::getline(file, line)) return false;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

}  // namespace

std::vector<User> read_users(const std::string& path) {
  std::ifstream file = open_file(path);
  std::vector<User> users;
  std::string line;
  for (int number = 1; next_line(file, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t comma = line.find(',');
    if (comma == std::string::npos || comma == 0) {
      throw Fatal(fmt::format("{}: line {}: expected user,password", path, number));
    }
    users.push_back({line.substr(0, comma), line.substr(comma + 1)});
  }
  if (users.empty()) throw Fatal(path + ": no users in it");
  return users;
}

std::string read_password(const std::string& path) {
  std::ifstream file = open_file(path);
  std::string line;
  if (!next_line(file, line) || line.empty()) throw Fatal(path + ": no password in it");
  return line;
}

}  // namespace millrace::sasl
