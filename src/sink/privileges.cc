#include "sink/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>

#include "base/diagnostics.h"

namespace millrace::sink {

void change_root(const std::string& directory) {
  if (directory.empty()) return;
  if (chroot(directory.c_str()) != 0 || chdir("/") != 0) {
    throw Fatal(describe_error("chroot(" + directory + ")", errno));
  }
}

Identity find_identity(const std::string& user) {
  if (user.empty() && geteuid() != 0) return {};
  const std::string name = user.empty() ? "nobody" : user;
  const passwd* const entry = getpwnam(name.c_str());
  if (entry == nullptr) throw Fatal("unknown user: " + name);
  if (user.empty()) inform("started by root without a user (-u): running as nobody");
  return {.user = entry->pw_uid, .group = entry->pw_gid, .name = name};
}

void assume(const Identity& identity) {
  if (identity.name.empty()) return;
  // Groups first: the right to change them goes with the user.
  const bool root = geteuid() == 0;
  if (root && initgroups(identity.name.c_str(), identity.group) != 0) {
    throw Fatal(describe_error("groups of " + identity.name, errno));
  }
  if (setgid(identity.group) != 0 || setuid(identity.user) != 0) {
    throw Fatal(describe_error("become user " + identity.name, errno));
  }
}

}  // namespace millrace::sink
