#include "net/address_pool.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/diagnostics.h"
#include "base/number.h"
#include "net/socket.h"

namespace millrace::net {
namespace {

constexpr std::uint64_t kMostAddresses = 1 << 20;

// The address that follows.
SocketAddress next_address(const SocketAddress& address) {
  std::string bytes(address.bytes());
  for (std::size_t place = bytes.size(); place > 0 && ++bytes[place - 1] == 0; --place) {
  }
  return SocketAddress::from_bytes(bytes, 0);
}

SocketAddress require_address(std::string_view text, std::string_view whole) {
  const auto address = numeric_address(text, 0);
  if (!address) throw Fatal("bad address: " + std::string(whole));
  return *address;
}

}  // namespace

std::optional<SocketAddress> numeric_address(std::string_view text, std::uint16_t port) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop there
  std::array<char, 16> bytes{};
  for (const auto& [family, size] : {std::pair{AF_INET, 4}, std::pair{AF_INET6, 16}}) {
    if (inet_pton(family, copy.c_str(), bytes.data()) != 1) continue;
    return SocketAddress::from_bytes({bytes.data(), static_cast<std::size_t>(size)}, port);
  }
  return std::nullopt;
}

Network::Network(std::string_view text) : family_(AF_UNIX) {
  if (text == "unix") return;
  const std::size_t slash = std::min(text.find('/'), text.size());
  const SocketAddress address = require_address(text.substr(0, slash), text);
  family_ = address.family();
  bytes_ = address.plain_bytes();
  const auto bits = static_cast<unsigned>(bytes_.size() * 8);
  const auto prefix = slash == text.size() ? bits : whole_number(text.substr(slash + 1), 0, bits);
  if (!prefix) throw Fatal("bad network: " + std::string(text) + ": expected address/prefix");
  prefix_ = static_cast<unsigned>(*prefix);
}

bool Network::contains(const SocketAddress& address) const {
  if (family_ == AF_UNIX) return address.family() == AF_UNIX;
  const std::string_view bytes = address.plain_bytes();
  if (bytes.size() != bytes_.size()) return false;
  const std::size_t whole = prefix_ / 8;
  if (bytes.compare(0, whole, bytes_, 0, whole) != 0) return false;
  const unsigned rest = prefix_ % 8;
  const auto byte = [&](std::string_view of) { return static_cast<unsigned char>(of[whole]); };
  return rest == 0 || (byte(bytes) ^ byte(bytes_)) >> (8 - rest) == 0;
}

bool contains(const std::vector<Network>& networks, const SocketAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return network.contains(address); });
}

AddressPool::AddressPool(const std::vector<std::string>& addresses, std::string_view ports) {
  for (const std::string& range : addresses) add_range(range);
  if (ports.empty()) return;
  const std::size_t dash = std::min(ports.find('-'), ports.size());
  const auto first = whole_number(ports.substr(0, dash), 1, kLastPort);
  const auto last =
      dash == ports.size() ? first : whole_number(ports.substr(dash + 1), 1, kLastPort);
  if (!first || !last || *last < *first) {
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
  if (address.family() != last.family() || last.bytes() < address.bytes()) {
    throw Fatal("bad address: " + std::string(range) + ": expected first-last");
  }
  for (;;) {
    addresses_.push_back(address);
    if (address.bytes() == last.bytes()) return;
    if (addresses_.size() == kMostAddresses)
      throw Fatal("too many addresses: " + std::string(range));
    address = next_address(address);
  }
}

std::optional<SocketAddress> AddressPool::next(int family) {
  for (std::size_t tries = 0; tries < addresses_.size(); ++tries) {
    const std::uint64_t turn = turn_.fetch_add(1, std::memory_order_relaxed);
    SocketAddress address = addresses_[turn % addresses_.size()];
    if (address.family() != family) continue;
    if (first_port_ != 0) {
      const std::uint64_t round = turn / addresses_.size();
      address.port(static_cast<std::uint16_t>(first_port_ + round % port_count_));
    }
    return address;
  }
  return std::nullopt;
}

int bind_source(const FileDescriptor& socket, const SocketAddress& address) {
  const int yes = 1;
  const bool chosen = address.port() != 0;
  setsockopt(socket.descriptor(), chosen ? SOL_SOCKET : IPPROTO_IP,
             chosen ? SO_REUSEADDR : IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  return bind(socket.descriptor(), address.get(), address.length) == 0 ? 0 : errno;
}

}  // namespace millrace::net
