#include "source/connector.h"

#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::source {
namespace {

// How many of the system's ports may be taken, one after the other, until the kernel is to look for
// a free one itself.
constexpr std::uint64_t kGuesses = 100;

}  // namespace

FileDescriptor Connector::open(int flags) {
  const int family = address().family();
  FileDescriptor socket(::socket(family, SOCK_STREAM | flags, 0));
  if (!socket.valid()) return socket;
  net::configure(socket, family, {.window = run_.options().window, .reset_on_close = true});
  return bind(socket) ? std::move(socket) : FileDescriptor();
}

// Returns whether the connect can go on.
bool Connector::bind(const FileDescriptor& socket) {
  net::AddressPool* const pool = run_.pool();
  if (net::LocalPorts* const ports = run_.local_ports(); ports != nullptr) {
    if (ports_tried_ < kGuesses) ports->choose(socket, pool == nullptr ? 1 : pool->addresses());
  }
  if (pool == nullptr) return true;
  // A port of the pool may be taken by a connection of another session.
  for (std::uint64_t tries = 0; tries < pool->size(); ++tries) {
    const auto source = pool->next(address().family());
    if (!source) break;
    const int error = net::bind_source(socket, *source);
    if (error == 0) return true;
    if (error != EADDRINUSE) {
      run_.fail(describe_error("bind " + source->text(), error));
      return false;
    }
  }
  run_.fail("no address left to bind to (--bind, --bind-ports)");
  return false;
}

Connector::Retry Connector::failed(int error) {
  if (error == EADDRNOTAVAIL && another_port()) return Retry::at_once;
  ports_tried_ = 0;
  if (address_ + 1 < run_.addresses().size()) {
    ++address_;
    return Retry::at_once;
  }
  address_ = 0;
  // A unix socket whose queue is full says EAGAIN: that is no failure.
  if (error == EAGAIN) return Retry::patient;
  return ++attempts_ >= run_.options().connect_attempts ? Retry::give_up : Retry::again;
}

// The port that was chosen is taken: another connection has it to the same server.
bool Connector::another_port() {
  const net::AddressPool* const pool = run_.pool();
  const bool own = pool != nullptr && pool->has_ports();
  if (!own && run_.local_ports() == nullptr) return false;
  return ports_tried_++ < (own ? pool->size() : kGuesses);
}

}  // namespace millrace::source
