#include "source/run.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::source {

namespace {

// From so many sessions on the kernel's own search for free ports is felt.
constexpr unsigned kCrowd = 1'000;

std::optional<net::TlsContext> make_tls(const SourceOptions& options) {
  if (!options.turns_to_tls()) return std::nullopt;
  return net::TlsContext::for_client(*options.tls);
}

// Where to connect to. A header of the PROXY protocol has both of its ends in one family: what is
// of another one than the client that it is to name is left out.
std::vector<net::SocketAddress> addresses_to(const SourceOptions& options) {
  std::vector<net::SocketAddress> addresses =
      net::resolve(options.endpoint, options.address_family, false);
  if (options.proxy_source.empty()) return addresses;
  const auto named = net::numeric_address(options.proxy_source, 0);
  const int family = named ? named->family() : AF_INET;  // as all that is generated
  std::erase_if(addresses,
                [family](const net::SocketAddress& address) { return address.family() != family; });
  if (addresses.empty()) {
    throw Fatal(fmt::format("--proxy-source {} needs an {} address of the server, and {} has none",
                            options.proxy_source, family == AF_INET ? "IPv4" : "IPv6",
                            net::describe(options.endpoint)));
  }
  return addresses;
}

// Clients that misbehave have the envelope of the first message.
mail::ClientIdentity identity_of(const SourceOptions& options, const mail::Workload& workload) {
  mail::ClientIdentity identity{.hello_name = options.message.host_name};
  workload.append_sender(0, identity.reverse_path);
  workload.append_recipient(0, 0, identity.forward_path);
  return identity;
}

}  // namespace

std::shared_ptr<const mail::Workload> workload_of(const SourceOptions& options) {
  if (options.traffic) return options.traffic;
  return std::make_shared<mail::MessageTemplate>(options.message);
}

Run::Run(const SourceOptions& options, std::function<void()> on_failure)
    : options_(options),
      on_failure_(std::move(on_failure)),
      addresses_(addresses_to(options)),
      workload_(workload_of(options)),
      load_(options.load, options.messages, options.sessions, options.part),
      tls_(make_tls(options)),
      threads_with_good_(options.threads) {
  if (!options.clients.empty()) {
    // Beside good clients, or by time alone, there is no end of them but that of the run.
    std::optional<std::uint64_t> connections;
    if (options.sessions == 0 && options.messages < std::numeric_limits<std::uint64_t>::max()) {
      connections = options.part.share(options.messages);
    }
    misbehaviour_.emplace(options.clients, identity_of(options, *workload_), options.tls,
                          connections);
  }
  if (!options.bind_addresses.empty()) {
    pool_.emplace(options.bind_addresses, options.bind_ports);
  }
  // What all workers write (g++ and clang++ know where it is in any class without virtual bases).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  static_assert(offsetof(Run, messages_sent_) % kCacheLine == 0);
  static_assert(offsetof(Run, handshakes_) % kCacheLine == 0);
#pragma GCC diagnostic pop
  const bool crowd = options.part.share(options.sessions) >= kCrowd;
  if (crowd && options.bind_ports.empty()) local_ports_.emplace();
}

void Run::good_clients_done() {
  const bool last = threads_with_good_.fetch_sub(1) == 1;
  if (last && misbehaviour_ && options_.sessions > 0) on_failure_();
}

void Run::secured(Duration took, bool resumed) {
  handshakes_.fetch_add(1, std::memory_order_relaxed);
  if (resumed) resumptions_.fetch_add(1, std::memory_order_relaxed);
  handshake_time_.fetch_add(took.count(), std::memory_order_relaxed);
}

Run::Handshakes Run::handshakes() const {
  return {.done = handshakes_, .resumed = resumptions_, .total = Duration(handshake_time_)};
}

void Run::refused(const Trouble& trouble) {
  if (options_.on_trouble == OnTrouble::stop) return fail(trouble.text);
  warn_of(trouble);
}

void Run::warn_of(const Trouble& trouble) {
  const bool first =
      !warned_[metrics::index(trouble.kind)].exchange(true, std::memory_order_relaxed);
  if (first || options_.on_trouble != OnTrouble::count) warn(trouble.text);
}

void Run::lost(const Trouble& trouble) {
  sessions_lost_.fetch_add(1, std::memory_order_relaxed);
  refused(trouble);
}

void Run::not_connected(const Trouble& trouble) {
  if (options_.on_trouble != OnTrouble::count) return fail(trouble.text);
  lost(trouble);
}

void Run::fail(const std::string& what) {
  if (failed_.exchange(true)) return;
  report_fatal(what);
  on_failure_();
}

}  // namespace millrace::source
