#include "net/address_pool.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>

#include "base/diagnostics.h"

namespace millrace::net {
namespace {

constexpr std::uint64_t kMostAddresses = 1 << 20;

std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value > most) return std::nullopt;
  return value;
}

// The address itself in network order: 4 or 16 bytes.
std::vector<std::uint8_t> bytes_of(const SocketAddress& address) {
  const auto* storage = reinterpret_cast<const std::uint8_t*>(&address.storage);
  if (address.family() == AF_INET) {
    const auto* const first = storage + offsetof(sockaddr_in, sin_addr);
    return {first, first + 4};
  }
  if (address.family() != AF_INET6) return {};
  const auto* const first = storage + offsetof(sockaddr_in6, sin6_addr);
  const in6_addr& whole = reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&whole)) return {first + 12, first + 16};
  return {first, first + 16};
}

// The address that follows.
void increment(SocketAddress& address) {
  auto* const storage = reinterpret_cast<std::uint8_t*>(&address.storage);
  const bool v4 = address.family() == AF_INET;
  std::uint8_t* const first =
      storage + (v4 ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr));
  for (std::size_t place = v4 ? 4 : 16; place > 0 && ++first[place - 1] == 0; --place) {
  }
}

void set_port(SocketAddress& address, std::uint16_t port) {
  if (address.family() == AF_INET) {
    reinterpret_cast<sockaddr_in&>(address.storage).sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port = htons(port);
  }
}

SocketAddress require_address(std::string_view text, std::string_view whole) {
  const auto address = numeric_address(text, 0);
  if (!address) throw Fatal("bad address: " + std::string(whole));
  return *address;
}

}  // namespace

std::optional<SocketAddress> numeric_address(std::string_view text, std::uint16_t port) {
  const std::string copy(text);
  SocketAddress address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (inet_pton(AF_INET, copy.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    address.length = sizeof v4;
  } else if (inet_pton(AF_INET6, copy.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    address.length = sizeof v6;
  } else {
    return std::nullopt;
  }
  set_port(address, port);
  return address;
}

Network::Network(std::string_view text) : family_(AF_UNIX) {
  if (text == "unix") return;
  const std::size_t slash = std::min(text.find('/'), text.size());
  const SocketAddress address = require_address(text.substr(0, slash), text);
  family_ = address.family();
  bytes_ = bytes_of(address);
  const auto bits = static_cast<unsigned>(bytes_.size() * 8);
  const auto prefix = slash == text.size() ? bits : number(text.substr(slash + 1), bits);
  if (!prefix) throw Fatal("bad network: " + std::string(text) + ": expected address/prefix");
  prefix_ = *prefix;
}

bool Network::contains(const SocketAddress& address) const {
  if (family_ == AF_UNIX) return address.family() == AF_UNIX;
  const std::vector<std::uint8_t> bytes = bytes_of(address);
  if (bytes.size() != bytes_.size()) return false;
  const std::size_t whole = prefix_ / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  bytes_.begin())) {
    return false;
  }
  const unsigned rest = prefix_ % 8;
  return rest == 0 || (bytes[whole] ^ bytes_[whole]) >> (8 - rest) == 0;
}

AddressPool::AddressPool(std::string_view addresses, std::string_view ports) {
  while (!addresses.empty()) {
    const std::string_view range = addresses.substr(0, addresses.find(','));
    addresses.remove_prefix(std::min(range.size() + 1, addresses.size()));
    add_range(range);
  }
  if (ports.empty()) return;
  const std::size_t dash = std::min(ports.find('-'), ports.size());
  const auto first = number(ports.substr(0, dash), 65'535);
  const auto last = dash == ports.size() ? first : number(ports.substr(dash + 1), 65'535);
  if (!first || !last || *first == 0 || *last < *first) {
    throw Fatal("bad ports: " + std::string(ports) + " (expected as 20000-29999)");
  }
  first_port_ = static_cast<std::uint16_t>(*first);
  port_count_ = *last - *first + 1;
}

void AddressPool::add_range(std::string_view range) {
  const std::size_t dash = std::min(range.find('-'), range.size());
  SocketAddress address = require_address(range.substr(0, dash), range);
  const SocketAddress last =
      dash == range.size() ? address : require_address(range.substr(dash + 1), range);
  if (address.family() != last.family() || bytes_of(last) < bytes_of(address)) {
    throw Fatal("bad address: " + std::string(range) + ": expected first-last");
  }
  for (;;) {
    addresses_.push_back(address);
    if (bytes_of(address) == bytes_of(last)) return;
    if (addresses_.size() == kMostAddresses)
      throw Fatal("too many addresses: " + std::string(range));
    increment(address);
  }
}

std::optional<SocketAddress> AddressPool::next(int family) {
  for (std::size_t tries = 0; tries < addresses_.size(); ++tries) {
    const std::uint64_t turn = turn_.fetch_add(1, std::memory_order_relaxed);
    SocketAddress address = addresses_[turn % addresses_.size()];
    if (address.family() != family) continue;
    if (first_port_ != 0) {
      set_port(address,
               static_cast<std::uint16_t>(first_port_ + turn / addresses_.size() % port_count_));
    }
    return address;
  }
  return std::nullopt;
}

int bind_source(const Socket& socket, const SocketAddress& address) {
  const int yes = 1;
  const bool chosen = address.port() != 0;
  setsockopt(socket.descriptor(), chosen ? SOL_SOCKET : IPPROTO_IP,
             chosen ? SO_REUSEADDR : IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  return bind(socket.descriptor(), address.get(), address.length) == 0 ? 0 : errno;
}

}  // namespace millrace::net
