#include "sink/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "base/diagnostics.h"

namespace millrace::sink {
namespace {

void join_groups(const Identity& identity) {
  if (geteuid() != 0) return;
  if (setgid(identity.group) != 0 || initgroups(identity.name.c_str(), identity.group) != 0) {
    throw Fatal(describe_error("groups of " + identity.name, errno));
  }
}

void change_root(const std::string& directory) {
  if (chroot(directory.c_str()) != 0 || chdir("/") != 0) {
    throw Fatal(describe_error("chroot(" + directory + ")", errno));
  }
}

void become(const Identity& identity) {
  if (setgid(identity.group) != 0 || setuid(identity.user) != 0) {
    throw Fatal(describe_error("become user " + identity.name, errno));
  }
}

}  // namespace

bool Identity::gives_up_rights() const { return !name.empty() && user != geteuid(); }

Identity find_identity(const std::string& user) {
  if (user.empty() && geteuid() != 0) return {};
  const std::string name = user.empty() ? "nobody" : user;
  const passwd* const entry = getpwnam(name.c_str());
  if (entry == nullptr) throw Fatal("unknown user: " + name);
  if (user.empty()) inform("started by root without a user (-u): running as nobody");
  return {.user = entry->pw_uid, .group = entry->pw_gid, .name = name};
}

void confine(const std::string& directory, const Identity& identity) {
  tzset();
  openlog("smtp-sink", LOG_PID | LOG_NDELAY, LOG_MAIL);
  // Groups before the user: the right to change them goes with it.
  if (!identity.name.empty()) join_groups(identity);
  if (!directory.empty()) change_root(directory);
  if (!identity.name.empty()) become(identity);
}

}  // namespace millrace::sink
