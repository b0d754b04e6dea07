#include "source/connection_mix.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "mail/scenario/mixed_workload.h"
#include "smtp/path.h"

namespace millrace::source {
namespace {

using smtp::Extension;

// The pattern with what stands for its names; `domain` without its '@'.
std::string fill_hello_name(std::string_view pattern, std::string_view connection,
                            std::string_view domain) {
  const std::array<std::pair<std::string_view, std::string_view>, 2> names = {
      {{"{n}", connection}, {"{domain}", domain}}};
  std::string text(pattern);
  for (const auto& [name, value] : names) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      text.replace(at, name.size(), value);
      at += value.size();
    }
  }
  return text;
}

// Where the sender has none, or one that is not ASCII, as a name in EHLO is (RFC 6531, 3.7.1): the
// name that is set aside for what must not exist (RFC 2606, 2).
std::string domain_of(std::string_view sender) {
  const std::string_view domain = smtp::split_mailbox(sender).domain;
  const bool none = domain.empty() || !is_ascii(domain);
  return std::string(none ? "example.invalid" : domain.substr(1));
}

}  // namespace

ConnectionTraits draw_traits(const ConnectionMix& mix, const smtp::ClientPlan& plan,
                             std::uint64_t connection, std::string_view sender) {
  Roll roll = mail::roll_for(mix.seed, mail::Drawn::connection, connection);
  const mail::SessionMix& session = mix.session;
  ConnectionTraits traits{.plan = plan};
  // Each is drawn, wanted or not, so that none changes what the others are.
  const auto leave_out = [&](Extension extension, std::optional<double> share) {
    if (roll.unit() < share.value_or(1)) return;
    traits.plan.wanted.remove(extension);
  };
  leave_out(Extension::starttls, session.tls);
  leave_out(Extension::auth, session.auth);
  leave_out(Extension::pipelining, session.pipelining);
  const auto has = [](const smtp::ClientPlan& of, Extension extension) {
    return of.wanted.has(extension);
  };
  const bool clear = has(plan, Extension::starttls) && !has(traits.plan, Extension::starttls);
  if (clear && !mix.auth_in_clear) traits.plan.wanted.remove(Extension::auth);
  if (!has(traits.plan, Extension::pipelining)) traits.plan.window = 1;
  if (session.messages) {
    traits.messages =
        std::max<std::uint64_t>(draw_whole(*session.messages, roll, mail::kMostMessages), 1);
  }
  if (!session.helo.empty() && !plan.hello_name.empty()) {
    traits.plan.hello_name =
        fill_hello_name(session.helo, std::to_string(connection), domain_of(sender));
  }
  return traits;
}

}  // namespace millrace::source
