// sasl/ is authentication on both sides: users, and the exchanges of each mechanism. The
// mechanisms themselves are GNU SASL's, where it has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::sasl {

struct User {
  std::string name;
  std::string password;  // or the token, for XOAUTH2 and OAUTHBEARER
};

// Reads users, one a line: the name, a comma, and the password to the end of the line. Empty
// lines and those that begin with '#' are passed over. Throws Fatal naming `path` and the line.
std::vector<User> read_users(const std::string& path);

// The first line of a file. Throws Fatal naming `path`.
std::string read_password(const std::string& path);

}  // namespace millrace::sasl
