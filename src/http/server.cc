#include "http/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/diagnostics.h"
#include "http/connection.h"

namespace millrace::http {
namespace {

constexpr int kBacklog = 512;

// When the system is short of descriptors: how long until the next try.
constexpr int kRetryMilliseconds = 50;

constexpr std::string_view kCrowded =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 32\r\n"
    "Retry-After: 5\r\nConnection: close\r\n\r\n{\"error\":\"too many connections\"}";

// "Every interface" of one family that the system has not is left out.
std::vector<FileDescriptor> listen_at(const net::Endpoint& endpoint) {
  std::vector<FileDescriptor> all;
  for (const net::SocketAddress& address : net::resolve(endpoint, AF_UNSPEC, true)) {
    if (!net::family_supported(address.family())) continue;
    all.push_back(net::listen_on(address, kBacklog, false, {}));
  }
  return all;
}

}  // namespace

Server::Server(const net::Endpoint& endpoint, Access access)
    : access_(std::move(access)),
      end_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      listening_(listen_at(endpoint)),
      clients_([this](const FileDescriptor& socket) {
        Connection(socket, end_, access_, handler_).serve();
      }) {
  if (!end_.valid()) throw Fatal(describe_error("eventfd", errno));
}

std::vector<net::SocketAddress> Server::addresses() const {
  std::vector<net::SocketAddress> all;
  for (const FileDescriptor& socket : listening_) all.push_back(net::local_address(socket));
  return all;
}

void Server::start(Handler handler) {
  handler_ = std::move(handler);
  try {
    accepting_ = std::thread([this] { accept_clients(); });
  } catch (const std::system_error& error) {
    throw Fatal(describe_error("cannot start a thread for HTTP", error.code().value()));
  }
}

void Server::stop() {
  eventfd_write(end_.descriptor(), 1);
  if (accepting_.joinable()) accepting_.join();
  clients_.join();
}

void Server::accept_clients() {
  std::vector<pollfd> wanted{{end_.descriptor(), POLLIN, 0}};
  for (const FileDescriptor& socket : listening_) {
    wanted.push_back({socket.descriptor(), POLLIN, 0});
  }
  for (;;) {
    if (poll(wanted.data(), wanted.size(), -1) < 0) continue;
    if (wanted.front().revents != 0) return;
    for (std::size_t place = 0; place < listening_.size(); ++place) {
      if (wanted[place + 1].revents != 0) accept_one(listening_[place]);
    }
  }
}

void Server::accept_one(const FileDescriptor& listening) {
  FileDescriptor socket(accept4(listening.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket.valid()) {
    pollfd end{end_.descriptor(), POLLIN, 0};
    if (errno == EMFILE || errno == ENFILE) poll(&end, 1, kRetryMilliseconds);
    return;
  }
  if (clients_.count() < kMostConnections && clients_.begin(socket)) return;
  send(socket.descriptor(), kCrowded.data(), kCrowded.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(socket.descriptor(), SHUT_WR);
}

}  // namespace millrace::http
