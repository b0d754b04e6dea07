#include "sink/rules/keys.h"

#include "sink/rules/conditions.h"

namespace millrace::sink::rules {
namespace {

KeyPart part(Per per, const Facts& facts, std::string_view recipient) {
  switch (per) {
    case Per::client:
      return {facts.client.plain_bytes()};
    case Per::session:
      return {{reinterpret_cast<const char*>(&facts.session), sizeof facts.session}};
    case Per::sender:
      return {facts.sender.value_or(""), true};
    case Per::recipient:
      return {recipient, true};
    case Per::domain:
      return {domain_of(recipient), true};
    case Per::listener:
      return {facts.listener};
    case Per::all:
      break;
  }
  return {};
}

std::string_view network_of(const net::SocketAddress& client) {
  const std::string_view bytes = client.plain_bytes();
  return bytes.substr(0, bytes.size() == 4 ? 3 : 8);
}

}  // namespace

std::uint64_t over_key(const Windows& windows, std::string_view rule, Per per, const Facts& facts,
                       std::string_view recipient) {
  return windows.key({{rule}, part(per, facts, recipient)});
}

std::uint64_t sessions_key(const Windows& windows, Per per, const Facts& facts) {
  const auto kind = static_cast<char>(per);
  return windows.key({{{&kind, 1}}, part(per, facts, {})});
}

std::uint64_t triplet_key(const Windows& windows, std::string_view rule, const Facts& facts,
                          std::string_view recipient) {
  return windows.key(
      {{rule}, {network_of(facts.client)}, {facts.sender.value_or(""), true}, {recipient, true}});
}

}  // namespace millrace::sink::rules
