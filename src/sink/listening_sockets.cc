#include "sink/listening_sockets.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/diagnostics.h"
#include "net/endpoint.h"
#include "net/socket.h"

namespace millrace::sink {
namespace {

// An address to listen on, and who wants it.
struct BoundPlace {
  net::SocketAddress address;
  const OpenListener& listener;
};

bool every_interface(const net::SocketAddress& address) {
  return address.bytes().find_first_not_of('\0') == std::string_view::npos;
}

// Whether one connection could belong to both.
bool overlap(const net::SocketAddress& one, const net::SocketAddress& other) {
  if (one.family() != other.family()) return false;
  if (one.family() == AF_UNIX) return one.text() == other.text();
  if (one.port() != other.port() || one.port() == 0) return false;
  return one.bytes() == other.bytes() || every_interface(one) || every_interface(other);
}

std::vector<net::SocketAddress> addresses_of(const Listener& listener, int family) {
  auto addresses = net::resolve(listener.endpoint, family, true);
  // "Every interface" means those of the families that this system has.
  if (addresses.size() > 1) {
    std::erase_if(addresses, [](const net::SocketAddress& address) {
      return !net::family_supported(address.family());
    });
  }
  return addresses;
}

// Where all of them listen. Throws Fatal where two would at the same address.
std::vector<BoundPlace> places_of(const std::vector<OpenListener>& listeners, int family) {
  std::vector<BoundPlace> places;
  for (const OpenListener& listener : listeners) {
    for (const net::SocketAddress& address : addresses_of(listener, family)) {
      for (const BoundPlace& taken : places) {
        if (&taken.listener == &listener || !overlap(taken.address, address)) continue;
        throw Fatal(fmt::format("two listeners at {}: {} and {}", address.text(),
                                taken.listener.name, listener.name));
      }
      places.push_back({.address = address, .listener = listener});
    }
  }
  return places;
}

}  // namespace

ListeningSockets::ListeningSockets(const SinkOptions& options,
                                   const std::vector<OpenListener>& listeners) {
  const net::SocketOptions socket_options{.window = options.window};
  for (const BoundPlace& place : places_of(listeners, options.address_family)) {
    const auto open = [&](const net::SocketAddress& address, bool share,
                          std::optional<unsigned> worker) -> const FileDescriptor& {
      sockets_.push_back({.socket = net::listen_on(address, options.backlog, share, socket_options),
                          .listener = place.listener,
                          .worker = worker});
      return sockets_.back().socket;
    };
    if (place.listener.endpoint.unix_domain) {
      open(place.address, false, std::nullopt);
      continue;
    }
    // The first one asks for the address as if there were no others, so that a second sink is
    // refused; then it lets them in.
    const FileDescriptor& first = open(place.address, false, 0);
    if (options.threads == 1) continue;
    net::let_share(first);
    const net::SocketAddress address = net::local_address(first);
    for (unsigned worker = 1; worker < options.threads; ++worker) open(address, true, worker);
  }
}

std::vector<ListeningSocket> ListeningSockets::of_worker(unsigned worker) const {
  std::vector<ListeningSocket> list;
  for (const Owned& owned : sockets_) {
    if (owned.worker.value_or(worker) != worker) continue;
    list.push_back({.descriptor = owned.socket.descriptor(), .listener = owned.listener});
  }
  return list;
}

std::vector<std::string> ListeningSockets::addresses() const {
  std::vector<std::string> list;
  for (const Owned& owned : sockets_) {
    if (owned.worker.value_or(0) != 0) continue;
    const net::Endpoint& endpoint = owned.listener.endpoint;
    std::error_code unknown;
    const std::filesystem::path within = std::filesystem::read_symlink(
        endpoint.unix_domain ? "/proc/self/ns/mnt" : "/proc/self/ns/net", unknown);
    if (unknown) continue;
    const std::string address = endpoint.unix_domain
                                    ? std::filesystem::absolute(endpoint.path).string()
                                    : net::local_address(owned.socket).text();
    list.push_back(address + " " + within.string());
  }
  return list;
}

}  // namespace millrace::sink
