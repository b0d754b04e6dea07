#include "source/route.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "mail/generated.h"
#include "net/address_pool.h"
#include "net/proxy_header.h"

namespace millrace::source {
namespace {

// How many of the system's ports may be taken, one after the other, until the kernel is to look for
// a free one itself.
constexpr std::uint64_t kGuesses = 100;

}  // namespace

OpenedSocket Route::open(int flags, const net::SocketOptions& options) {
  using Fault = OpenedSocket::Fault;
  const int family = address().family();
  OpenedSocket opened{.socket = FileDescriptor(::socket(family, SOCK_STREAM | flags, 0))};
  if (!opened.socket.valid()) {
    opened.error = errno;
    opened.fault = Fault::socket;
    return opened;
  }
  net::configure(opened.socket, family, options);
  bind(opened);
  if (opened.fault != Fault::none) opened.socket = {};
  return opened;
}

void Route::bind(OpenedSocket& opened) {
  net::AddressPool* const pool = run_.pool();
  if (net::LocalPorts* const ports = run_.local_ports(); ports != nullptr) {
    if (ports_tried_ < kGuesses) {
      ports->choose(opened.socket, pool == nullptr ? 1 : pool->addresses());
    }
  }
  if (pool == nullptr) return;
  // A port of the pool may be taken by a connection of another session.
  for (std::uint64_t tries = 0; tries < pool->size(); ++tries) {
    const auto source = pool->next(address().family());
    if (!source) break;
    const int error = net::bind_source(opened.socket, *source);
    if (error == 0) return;
    if (error == EADDRINUSE) continue;
    opened.fault = OpenedSocket::Fault::bind;
    opened.error = error;
    opened.source = source;
    return;
  }
  opened.fault = OpenedSocket::Fault::pool;
  opened.error = EADDRINUSE;
}

Trouble Route::trouble(const OpenedSocket& opened, std::string_view where) {
  switch (opened.fault) {
    case OpenedSocket::Fault::none:
      break;
    case OpenedSocket::Fault::socket:
      return failed_call("socket", opened.error, where);
    case OpenedSocket::Fault::bind:
      return failed_call("bind " + opened.source->text(), opened.error, where);
    case OpenedSocket::Fault::pool:
      return {metrics::Error::other, no_address_left(where)};
  }
  return {};
}

bool Route::another(int error) {
  if (error == EADDRNOTAVAIL && another_port()) return true;
  ports_tried_ = 0;
  address_ = (address_ + 1) % run_.addresses().size();
  return address_ != 0;
}

// The port that was chosen is taken: another connection has it to the same server.
bool Route::another_port() {
  const net::AddressPool* const pool = run_.pool();
  const bool own = pool != nullptr && pool->has_ports();
  if (!own && run_.local_ports() == nullptr) return false;
  return ports_tried_++ < (own ? pool->size() : kGuesses);
}

std::string Route::proxy_header(std::uint64_t connection, const net::SocketAddress& local) const {
  const SourceOptions& options = run_.options();
  net::SocketAddress source = local;
  if (!options.proxy_source.empty()) {
    const std::string text = mail::fill_generated("ADDR=" + options.proxy_source, connection);
    const auto named = net::numeric_address(std::string_view(text).substr(5), source.port());
    if (named) source = *named;
  }
  return net::proxy_header(*options.proxy, source, address());
}

}  // namespace millrace::source
