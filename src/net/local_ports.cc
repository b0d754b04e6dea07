#include "net/local_ports.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <random>

namespace millrace::net {
namespace {

constexpr int kLocalPortRange = 51;  // IP_LOCAL_PORT_RANGE, which Debian 12's headers lack

}  // namespace

LocalPorts::LocalPorts() {
  std::uint64_t last = 60'999;  // as the kernel's own default
  first_ = 32'768;
  std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
  range >> first_ >> last;
  count_ = last >= first_ ? last - first_ + 1 : 1;
  turn_ = std::random_device{}();
}

void LocalPorts::choose(const FileDescriptor& socket, std::size_t addresses) {
  const std::uint64_t turn = turn_.fetch_add(1, std::memory_order_relaxed);
  const auto port = static_cast<std::uint32_t>(first_ + turn / addresses % count_);
  const std::uint32_t range = port << 16 | port;
  setsockopt(socket.descriptor(), IPPROTO_IP, kLocalPortRange, &range, sizeof range);
}

}  // namespace millrace::net
