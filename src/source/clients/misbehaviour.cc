#include "source/clients/misbehaviour.h"

#include <algorithm>

namespace millrace::source {

static_assert(alignof(Misbehaviour) == kCacheLine);  // by what all workers write

namespace {

constexpr int kLastThatRenegotiates = 12;  // TLS 1.2 (RFC 8446, 4.1.2)

net::TlsContext renegotiating(net::TlsClientOptions options) {
  options.renegotiate = true;
  if (options.common.most_version == 0 && options.common.least_version <= kLastThatRenegotiates) {
    options.common.most_version = kLastThatRenegotiates;
  }
  return net::TlsContext::for_client(options);
}

}  // namespace

Misbehaviour::Misbehaviour(const std::vector<MisbehavingGroup>& groups,
                           const mail::ClientIdentity& identity,
                           const std::optional<net::TlsClientOptions>& tls,
                           std::optional<std::uint64_t> connections)
    : tls_(net::TlsContext::for_client(tls.value_or(net::TlsClientOptions()))),
      renegotiating_(renegotiating(tls.value_or(net::TlsClientOptions()))),
      limited_(connections.has_value()),
      connections_left_(connections.value_or(0)) {
  for (const MisbehavingGroup& group : groups) {
    const auto variants = mail::variants(group.behaviour);
    parts_.push_back(
        {.clients = group.sessions, .cast = {.first = scripts_.size(), .number = variants.size()}});
    for (const auto& variant : variants) {
      scripts_.push_back(mail::make_script(variant, identity));
      empty_.emplace_back().kind = variant.text;
    }
    clients_ += group.sessions;
  }
}

Misbehaviour::Cast Misbehaviour::cast(unsigned client) const {
  std::size_t part = 0;
  while (client >= parts_[part].clients) client -= parts_[part++].clients;
  Cast cast = parts_[part].cast;
  cast.begin = client % cast.number;
  return cast;
}

bool Misbehaviour::take_connection() {
  if (!limited_) return true;
  std::uint64_t left = connections_left_.load(std::memory_order_relaxed);
  while (left > 0) {
    if (connections_left_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

bool Misbehaviour::first_failure(int error) {
  const auto place = std::min(static_cast<std::size_t>(error), kErrors - 1);
  return !failures_[place].exchange(true, std::memory_order_relaxed);
}

}  // namespace millrace::source
