#include "sink/sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "base/counter_line.h"
#include "base/diagnostics.h"
#include "base/quantity.h"
#include "net/socket.h"
#include "sink/descriptors.h"
#include "sink/privileges.h"
#include "sink/recordings.h"
#include "sink/worker.h"
#include "threads/worker_threads.h"

namespace millrace::sink {
namespace {

// The sockets that each worker listens on: its own with TCP, one for all with a unix path.
std::vector<std::vector<FileDescriptor>> listen_everywhere(const SinkOptions& options) {
  std::vector<std::vector<FileDescriptor>> listeners(
      options.endpoint.unix_domain ? 1 : options.threads);
  auto addresses = net::resolve(options.endpoint, options.address_family, true);
  // "Every interface" means those of the families that this system has.
  if (addresses.size() > 1) {
    std::erase_if(addresses, [](const net::SocketAddress& address) {
      return !net::family_supported(address.family());
    });
  }
  const net::SocketOptions socket_options{.window = options.window};
  const bool share = listeners.size() > 1;
  for (auto& of_worker : listeners) {
    for (const net::SocketAddress& address : addresses) {
      of_worker.push_back(net::listen_on(address, options.backlog, share, socket_options));
    }
  }
  return listeners;
}

std::vector<int> descriptors(const std::vector<FileDescriptor>& sockets) {
  std::vector<int> list;
  for (const FileDescriptor& socket : sockets) list.push_back(socket.descriptor());
  return list;
}

std::string describe_counters(const Quotas::Totals& totals) {
  return fmt::format("sess={} quit={} mesg={}", totals.sessions, totals.quits, totals.messages);
}

// Sleeps until all workers have ended. Shows the counters meanwhile, if there are any.
void wait_for_end(threads::WorkerThreads& workers, const Quotas& quotas, CounterLine* counters) {
  const auto next = [counters] {
    return counters != nullptr ? Clock::now() + CounterLine::kInterval : TimePoint::max();
  };
  while (!workers.wait_until(next())) counters->show(describe_counters(quotas.totals()));
}

std::string describe_handshakes(const Quotas::Totals& totals) {
  return fmt::format("TLS: {} handshake{}, {} resumed, {} with a client certificate",
                     totals.handshakes, plural(totals.handshakes), totals.resumptions,
                     totals.client_certificates);
}

}  // namespace

metrics::Measurement run_sink(const SinkOptions& options, const Identity& identity,
                              threads::SignalWatch& signals) {
  const std::size_t descriptor_limit = net::raise_descriptor_limit();
  // Files are read with the rights of the one who started it.
  std::optional<net::TlsContext> tls;
  if (options.tls) tls = net::TlsContext::for_server(*options.tls);
  const auto listeners = listen_everywhere(options);
  confine(options.root_directory, identity);

  std::unique_ptr<AppendLog> append_log;
  if (options.capture.mode == CaptureOptions::Mode::append) {
    append_log = std::make_unique<AppendLog>();
  }
  threads::WorkerThreads workers(options.threads, signals);
  Quotas quotas(options.message_quota, options.quit_quota,
                [&workers] { workers.end(threads::Urgency::orderly); });
  std::optional<CounterLine> counters;
  if (options.show_counters) counters.emplace(describe_counters({}));
  SessionLimit places(session_limit(descriptor_limit, options));
  std::optional<Recordings> recordings;
  if (options.measure) recordings.emplace(options.threads);
  std::atomic<bool> told_pause = false;
  const Shared shared{.options = options,
                      .replies = smtp::ServerReplies(options.profile),
                      .tls = tls ? &*tls : nullptr,
                      .append_log = append_log.get(),
                      .quotas = quotas,
                      .session_limit = places,
                      .recordings = recordings ? &*recordings : nullptr,
                      .told_pause = told_pause};

  workers.start([&](unsigned number) {
    return std::make_unique<Worker>(shared, descriptors(listeners[number % listeners.size()]),
                                    [&workers] { workers.wake_all(); });
  });
  workers.go();
  wait_for_end(workers, quotas, counters ? &*counters : nullptr);
  if (counters) counters->end(describe_counters(quotas.totals()));
  if (options.verbose && options.tls) inform(describe_handshakes(quotas.totals()));
  workers.join();
  return recordings ? recordings->measurement() : metrics::Measurement{};
}

}  // namespace millrace::sink
