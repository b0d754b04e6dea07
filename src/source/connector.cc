#include "source/connector.h"

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

Connector::Progress Connector::begin() {
  address_ = attempts_ = ports_tried_ = 0;
  return try_again();
}

Connector::Progress Connector::try_again() {
  FileDescriptor socket = open();
  if (run_.failed()) return Progress::run_over;
  if (!socket.valid()) return failed("socket", errno);
  display_.trying(address());
  record_.connecting(loop_.now());
  // Every connection of the run is another client: sessions take turns in the numbers.
  connection_ = session_ + run_.options().sessions * connections_++;
  stream_.connect(std::move(socket), address());
  return Progress::connecting;
}

// A socket for the address, which may be bound; invalid, with errno, when there is none left. Ends
// the run when the pool cannot be bound to.
FileDescriptor Connector::open() {
  const int family = address().family();
  FileDescriptor socket(::socket(family, SOCK_STREAM | loop_.socket_flags(), 0));
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
      run_.fail(failed_call("bind " + source->text(), error, about_server()).text);
      return false;
    }
  }
  run_.fail(no_address_left(about_server()));
  return false;
}

Connector::Progress Connector::failed(std::string_view call, int error) {
  const Trouble trouble = failed_call(call, error, about_server());
  if (another_way(error)) {
    display_.passed_over(trouble.text);
    return try_again();
  }
  // A unix socket whose queue is full says EAGAIN: that is no failure, it was only too early.
  if (error == EAGAIN) return Progress::waiting;
  if (++attempts_ >= run_.options().connect_attempts) return give_up(trouble);
  run_.warn_of(trouble);
  return Progress::waiting;
}

Connector::Progress Connector::give_up(const Trouble& trouble) {
  record_.session_failed(trouble, loop_.now());
  run_.not_connected(trouble);
  return run_.failed() ? Progress::run_over : Progress::given_up;
}

// Whether there is a port or an address that has not been tried: it is the next.
bool Connector::another_way(int error) {
  if (error == EADDRNOTAVAIL && another_port()) return true;
  ports_tried_ = 0;
  address_ = (address_ + 1) % run_.addresses().size();
  return address_ != 0;
}

// The port that was chosen is taken: another connection has it to the same server.
bool Connector::another_port() {
  const net::AddressPool* const pool = run_.pool();
  const bool own = pool != nullptr && pool->has_ports();
  if (!own && run_.local_ports() == nullptr) return false;
  return ports_tried_++ < (own ? pool->size() : kGuesses);
}

std::string Connector::proxy_header() const {
  const SourceOptions& options = run_.options();
  net::SocketAddress source = stream_.local_address();
  if (!options.proxy_source.empty()) {
    const std::string text = mail::fill_generated("ADDR=" + options.proxy_source, connection_);
    const auto named = net::numeric_address(std::string_view(text).substr(5), source.port());
    if (named) source = *named;
  }
  return net::proxy_header(*options.proxy, source, address());
}

}  // namespace millrace::source
