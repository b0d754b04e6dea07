#include "smtp/server_profile.h"

namespace millrace::smtp {
namespace {

std::string greeting(const ServerProfile& profile) {
  if (profile.hide_software) return "220 ********\r\n";
  const bool extended = profile.protocol != ServerProfile::Protocol::plain;
  return "220 " + profile.host_name + (extended ? " ESMTP\r\n" : "\r\n");
}

// RFC 9422, 4.
void append_limits(const ServerLimits& limits, std::string& text) {
  if (limits.transactions > 0) text.append(" MAILMAX=").append(std::to_string(limits.transactions));
  if (limits.recipients > 0) text.append(" RCPTMAX=").append(std::to_string(limits.recipients));
}

// Appends what follows an extension's keyword.
void append_parameters(Extension extension, const ServerProfile& profile, std::string& text) {
  const std::uint64_t size = profile.limits.message_size;
  switch (extension) {
    case Extension::size:
      if (size > 0) text.append(" ").append(std::to_string(size));
      return;
    case Extension::auth:
      text.append(" ").append(profile.auth_mechanisms);
      return;
    case Extension::xclient:
      text.append(" ").append(profile.xclient_attributes);
      return;
    case Extension::xforward:
      text.append(" ").append(profile.xforward_attributes);
      return;
    case Extension::limits:
      return append_limits(profile.limits, text);
    default:
      return;
  }
}

std::string ehlo_reply(const ServerProfile& profile, ExtensionSet offered) {
  std::string reply = "250-" + profile.host_name + "\r\n";
  for (std::size_t place = 0; place < kExtensionCount; ++place) {
    const auto extension = static_cast<Extension>(place);
    if (!offered.has(extension)) continue;
    reply.append("250-").append(keyword(extension));
    append_parameters(extension, profile, reply);
    reply.append("\r\n");
  }
  return reply + "250 \r\n";  // the last line carries no keyword, so that every other is alike
}

}  // namespace

ServerReplies::ServerReplies(const ServerProfile& profile)
    : greeting(millrace::smtp::greeting(profile)),
      helo("250 " + profile.host_name + "\r\n"),
      too_many_commands("421 4.7.0 " + profile.host_name + " Error: too many commands\r\n"),
      too_many_errors("421 4.7.0 " + profile.host_name + " Error: too many errors\r\n"),
      session_too_long("421 4.4.2 " + profile.host_name + " Error: session time exceeded\r\n") {
  for (const bool secured : {false, true}) {
    for (const bool trusted : {false, true}) {
      ExtensionSet offered = profile.offered;
      offered.remove(secured ? Extension::starttls : Extension::require_tls);
      if (profile.xclient_takes_effect && !trusted) offered.remove(Extension::xclient);
      ehlo_[secured ? 1 : 0][trusted ? 1 : 0] = ehlo_reply(profile, offered);
    }
  }
}

}  // namespace millrace::smtp
