#include "source/affordable.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "base/diagnostics.h"
#include "base/quantity.h"
#include "net/address_pool.h"
#include "net/local_ports.h"
#include "net/socket.h"

namespace millrace::source {
namespace {

// The loop's own and its wake-up; and what is needed for a moment, as for a report.
constexpr std::size_t kDescriptorsAThread = 2;
constexpr std::size_t kSpareDescriptors = 8;

std::string sessions_text(unsigned sessions, std::string_view option) {
  return fmt::format("{} session{} ({})", sessions, plural(sessions), option);
}

// How many connections there may be at once. A port of the system's is used again for every address
// of the server.
std::uint64_t ports(const SourceOptions& options) {
  const auto servers = net::resolve(options.endpoint, options.address_family, false);
  if (servers.front().family() == AF_UNIX) return std::numeric_limits<std::uint64_t>::max();
  std::size_t addresses = 1;
  if (!options.bind_addresses.empty()) {
    const net::AddressPool pool(options.bind_addresses, options.bind_ports);
    if (pool.has_ports()) return pool.size();
    addresses = pool.addresses();
  }
  return net::LocalPorts().count() * addresses * servers.size();
}

}  // namespace

void afford_descriptors(const SourceOptions& options, std::string_view option) {
  const std::size_t limit = net::raise_descriptor_limit();
  const std::size_t others =
      net::open_descriptors() + options.threads * kDescriptorsAThread + kSpareDescriptors;
  const unsigned sessions = options.own_sessions();
  if (sessions + others <= limit) return;
  throw Fatal(
      fmt::format("{} and {} other files are more than the {} open files that this process may "
                  "have: raise that limit (ulimit -n), or ask for fewer sessions",
                  sessions_text(sessions, option), others, limit));
}

void afford_ports(const SourceOptions& options, std::string_view option) {
  const unsigned sessions = options.own_sessions();
  const std::uint64_t there = ports(options);
  if (sessions <= there) return;
  throw Fatal(fmt::format(
      "{} are more than the {} port{} that there are to connect from: have more of them (--bind, "
      "--bind-ports, net.ipv4.ip_local_port_range), or ask for fewer sessions",
      sessions_text(sessions, option), there, plural(there)));
}

}  // namespace millrace::source
