#include "smtp/server_profile.h"

namespace millrace::smtp {
namespace {

std::string greeting(const ServerProfile& profile) {
  if (profile.hide_software) return "220 ********\r\n";
  const bool extended = profile.protocol != ServerProfile::Protocol::plain;
  return "220 " + profile.host_name + (extended ? " ESMTP\r\n" : "\r\n");
}

std::string ehlo(const ServerProfile& profile) {
  std::string reply = "250-" + profile.host_name + "\r\n";
  for (const Extension* extension :
       {&profile.pipelining, &profile.eight_bit_mime, &profile.auth, &profile.xclient,
        &profile.xforward, &profile.enhanced_status_codes, &profile.dsn}) {
    if (extension->offered) reply += "250-" + std::string(extension->line) + "\r\n";
  }
  return reply + "250 \r\n";  // the last line carries no keyword, so that every other is alike
}

}  // namespace

ServerReplies::ServerReplies(const ServerProfile& profile)
    : greeting(millrace::smtp::greeting(profile)),
      helo("250 " + profile.host_name + "\r\n"),
      ehlo(millrace::smtp::ehlo(profile)) {}

}  // namespace millrace::smtp
