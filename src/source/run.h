#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cache_line.h"
#include "base/time.h"
#include "mail/workload.h"
#include "metrics/names.h"
#include "net/address_pool.h"
#include "net/local_ports.h"
#include "net/socket.h"
#include "net/tls_context.h"
#include "source/options.h"
#include "source/shared_load.h"
#include "source/trouble.h"

namespace millrace::source {

// What all workers of one run share: where it goes, what is sent and when, and what becomes of it
// when something goes wrong.
class Run {
 public:
  // Resolves the endpoint. `on_failure`: called on any thread when the run must end at once, be it
  // that only clients are left which would go on for ever. Throws Fatal.
  Run(const SourceOptions& options, std::function<void()> on_failure);

  [[nodiscard]] const SourceOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<net::SocketAddress>& addresses() const { return addresses_; }
  [[nodiscard]] const mail::Workload& workload() const { return *workload_; }
  [[nodiscard]] SharedLoad& load() { return load_; }
  [[nodiscard]] const SharedLoad& load() const { return load_; }

  // The end of a message is on its way. Counted only for whoever wants to see it.
  void message_sent() {
    if (options_.show_counter) messages_sent_.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t messages_sent() const { return messages_sent_.load(); }

  // The next address to connect from, if there is a pool.
  [[nodiscard]] net::AddressPool* pool() { return pool_ ? &*pool_ : nullptr; }

  // Null when the kernel's own search for a port is good enough.
  [[nodiscard]] net::LocalPorts* local_ports() { return local_ports_ ? &*local_ports_ : nullptr; }

  // Null when all clients are good.
  [[nodiscard]] Misbehaviour* misbehaviour() { return misbehaviour_ ? &*misbehaviour_ : nullptr; }

  // The good clients of one thread are done, or it has none. With the last of them the run is over.
  void good_clients_done();

  // Null when no TLS is to be used.
  [[nodiscard]] const net::TlsContext* tls() const { return tls_ ? &*tls_ : nullptr; }
  // A TLS handshake was done.
  void secured(Duration took, bool resumed);
  struct Handshakes {
    std::uint64_t done;
    std::uint64_t resumed;  // of those
    Duration total;         // time
  };
  [[nodiscard]] Handshakes handshakes() const;

  // The server said no: ends the run, unless it is to carry on.
  void refused(const Trouble& trouble);

  // A session was lost before its time: ends the run, unless it is to carry on.
  void lost(const Trouble& trouble);

  // A session did not come about: the same, but only OnTrouble::count carries on.
  void not_connected(const Trouble& trouble);

  // Tells of what goes wrong and ends nothing: in a run that counts, the first of each kind only.
  void warn_of(const Trouble& trouble);

  // Ends the run: says why, once.
  void fail(const std::string& what);

  [[nodiscard]] bool failed() const { return failed_.load(); }
  [[nodiscard]] std::uint64_t sessions_lost() const { return sessions_lost_.load(); }

 private:
  const SourceOptions& options_;
  const std::function<void()> on_failure_;
  const std::vector<net::SocketAddress> addresses_;
  const std::shared_ptr<const mail::Workload> workload_;
  SharedLoad load_;
  std::atomic<bool> failed_{false};  // read often and written once
  std::optional<net::AddressPool> pool_;
  std::optional<net::LocalPorts> local_ports_;
  const std::optional<net::TlsContext> tls_;
  std::optional<Misbehaviour> misbehaviour_;
  std::atomic<unsigned> threads_with_good_;
  // What all workers write, apart from what they read.
  alignas(kCacheLine) std::atomic<std::uint64_t> messages_sent_{0};
  alignas(kCacheLine) std::atomic<std::uint64_t> handshakes_{0};
  std::atomic<std::uint64_t> resumptions_{0};
  std::atomic<Duration::rep> handshake_time_{0};
  std::atomic<std::uint64_t> sessions_lost_{0};
  std::array<std::atomic<bool>, metrics::kErrors> warned_{};
};

}  // namespace millrace::source
