#pragma once

#include <string>

namespace millrace::sink {

// Makes `directory` the root of the file system; empty: does nothing. Throws Fatal.
void change_root(const std::string& directory);

// Who the program is to become.
struct Identity {
  unsigned user = 0;
  unsigned group = 0;
  std::string name;  // empty: nothing to change
};

// Looks `user` up, before change_root() hides the user database. With none named, root becomes
// nobody and is told so; anybody else stays. Throws Fatal for an unknown user.
Identity find_identity(const std::string& user);

// Becomes `identity` for good, with its groups. Throws Fatal.
void assume(const Identity& identity);

}  // namespace millrace::sink
