#pragma once

#include <string>

namespace millrace::sink {

// Who the program is to become.
struct Identity {
  unsigned user = 0;
  unsigned group = 0;
  std::string name;  // empty: nothing to change

  // Whether it will have other rights than it has.
  [[nodiscard]] bool gives_up_rights() const;
};

// Looks `user` up. With none named, root becomes nobody and is told so; anybody else stays.
// Throws Fatal for an unknown user.
Identity find_identity(const std::string& user);

// Goes to where the program will work: into the root directory `directory` (empty: this one), as
// `identity`, for good. What the jail need not have is read before: the groups of the user, the
// time zone; and syslog is connected. Throws Fatal.
void confine(const std::string& directory, const Identity& identity);

}  // namespace millrace::sink
