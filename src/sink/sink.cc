#include "sink/sink.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "base/counter_line.h"
#include "base/diagnostics.h"
#include "base/quantity.h"
#include "net/ending_signals.h"
#include "net/wake_up.h"
#include "sink/descriptors.h"
#include "sink/privileges.h"
#include "sink/worker.h"

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

// Sleeps until a signal asks for the end or `event` is woken. Shows the counters meanwhile, if
// there are any.
void wait_for_end(const net::EndingSignals& signals, const net::WakeUp& event, const Quotas& quotas,
                  CounterLine* counters) {
  std::array<pollfd, 2> wanted{pollfd{signals.descriptor(), POLLIN, 0},
                               pollfd{event.descriptor(), POLLIN, 0}};
  const int interval = counters != nullptr ? static_cast<int>(CounterLine::kInterval.count()) : -1;
  for (;;) {
    const int found = poll(wanted.data(), wanted.size(), interval);
    if (found > 0) return;
    if (found == 0) counters->show(describe_counters(quotas.totals()));
  }
}

// What one worker's thread needs from outside.
struct Crew {
  explicit Crew(unsigned threads) : started(threads), finished(threads), running(threads) {}

  std::vector<std::unique_ptr<net::WakeUp>> wake_ups;
  net::WakeUp end;
  net::WakeUp gone;  // all of them
  std::atomic<bool> ending = false;
  // Nobody accepts before every loop has its descriptors.
  std::latch started;
  // All loops go together: liburing unmaps a ring by bare system calls, and ThreadSanitizer would
  // take the ring that another thread maps in its place for the old one.
  std::latch finished;
  std::atomic<unsigned> running;
  std::mutex failure_mutex;
  std::exception_ptr failure;

  // What the workers tallied, and from when to when there were sessions.
  std::mutex harvest_mutex;
  metrics::Metrics total;
  std::optional<TimePoint> first;
  TimePoint last;

  void harvest(const Recorder& recorder) {
    const std::lock_guard lock(harvest_mutex);
    total.add(recorder.metrics());
    if (!recorder.first()) return;
    first = std::min(first.value_or(*recorder.first()), *recorder.first());
    last = std::max(last, recorder.last());
  }

  void wake_all() const {
    for (const auto& wake_up : wake_ups) wake_up->wake();
  }
  void leave(unsigned threads = 1) {
    if ((running -= threads) == 0) gone.wake();
  }

  // So many have not begun and never will: it all ends, for this reason.
  void go_without(std::size_t threads, const Fatal& why) {
    const auto number = static_cast<unsigned>(threads);
    started.count_down(number);
    finished.count_down(number);
    {
      const std::lock_guard lock(failure_mutex);
      failure = std::make_exception_ptr(why);
    }
    end.wake();
    leave(number);
  }
};

// Sleeps until all workers are gone. A second signal ends the program at once: a loop may be held
// up by a disk, or by a terminal that nobody reads.
void wait_for_workers(net::EndingSignals& signals, const Crew& crew) {
  std::array<pollfd, 2> wanted{pollfd{signals.descriptor(), POLLIN, 0},
                               pollfd{crew.gone.descriptor(), POLLIN, 0}};
  int first = signals.take();
  for (;;) {
    if (poll(wanted.data(), wanted.size(), -1) < 0) continue;
    if ((wanted[1].revents & POLLIN) != 0) return;
    const int signal = signals.take();
    if (signal != 0 && first != 0) net::end_by(signal);
    if (signal != 0) first = signal;
  }
}

std::string describe_handshakes(const Quotas::Totals& totals) {
  return fmt::format("TLS: {} handshake{}, {} resumed, {} with a client certificate",
                     totals.handshakes, plural(totals.handshakes), totals.resumptions,
                     totals.client_certificates);
}

void run_worker(const Shared& shared, const std::vector<int>& listeners, Crew& crew,
                net::WakeUp& wake_up) {
  bool begun = false;
  try {
    Worker worker(shared, listeners, [&crew] { crew.wake_all(); });
    wake_up.attach(worker.loop(), [&] {
      if (crew.ending) return worker.stop();
      worker.resume_accepting();
    });
    begun = true;
    crew.started.arrive_and_wait();
    worker.run();
    if (const Recorder* const recorder = worker.recorder()) crew.harvest(*recorder);
    crew.finished.arrive_and_wait();
  } catch (...) {
    if (!begun) crew.started.count_down();
    crew.finished.count_down();
    const std::lock_guard lock(crew.failure_mutex);
    crew.failure = std::current_exception();
    crew.end.wake();
  }
  crew.leave();
}

// `start`, `start_on_wall`: the same moment on both clocks.
metrics::Measurement measurement(const Crew& crew, metrics::Timeline& timeline, TimePoint start,
                                 std::chrono::system_clock::time_point start_on_wall) {
  metrics::Measurement measured{
      .start = start_on_wall, .total = crew.total, .series = timeline.rows()};
  if (!crew.first) return measured;
  measured.elapsed = crew.last - start;
  measured.measured = crew.last - *crew.first;
  const double end = in_seconds(measured.elapsed);
  for (metrics::Row& row : measured.series) {
    row.length = std::clamp(end - static_cast<double>(row.number), 0.001, 1.0);
    row.stage = "run";
  }
  return measured;
}

}  // namespace

metrics::Measurement run_sink(const SinkOptions& options, const Identity& identity) {
  const std::size_t descriptor_limit = net::raise_descriptor_limit();
  net::EndingSignals signals;  // before any session can take the last descriptor
  // Files are read with the rights of the one who started it.
  std::optional<net::TlsContext> tls;
  if (options.tls) tls = net::TlsContext::for_server(*options.tls);
  const auto listeners = listen_everywhere(options);
  confine(options.root_directory, identity);

  std::unique_ptr<AppendLog> append_log;
  if (options.capture.mode == CaptureOptions::Mode::append) {
    append_log = std::make_unique<AppendLog>();
  }
  Crew crew(options.threads);
  Quotas quotas(options.message_quota, options.quit_quota, [&crew] { crew.end.wake(); });
  std::optional<CounterLine> counters;
  if (options.show_counters) counters.emplace(describe_counters({}));
  for (unsigned i = 0; i < options.threads; ++i) {
    crew.wake_ups.push_back(std::make_unique<net::WakeUp>());
  }
  SessionLimit places(session_limit(descriptor_limit, options));
  std::optional<metrics::Timeline> timeline;
  if (options.measure) timeline.emplace(options.threads, metrics::Timeline::Idle::left_out);
  const TimePoint start = Clock::now();
  const auto start_on_wall = std::chrono::system_clock::now();
  const Shared shared{.options = options,
                      .replies = smtp::ServerReplies(options.profile),
                      .tls = tls ? &*tls : nullptr,
                      .append_log = append_log.get(),
                      .quotas = quotas,
                      .session_limit = places,
                      .timeline = timeline ? &*timeline : nullptr,
                      .start = start};

  std::vector<std::thread> threads;
  try {
    for (unsigned i = 0; i < options.threads; ++i) {
      threads.emplace_back([&, i] {
        run_worker(shared, descriptors(listeners[i % listeners.size()]), crew, *crew.wake_ups[i]);
      });
    }
  } catch (const std::system_error& error) {
    crew.go_without(options.threads - threads.size(),
                    Fatal(describe_error(fmt::format("cannot start thread {} of {} (--threads)",
                                                     threads.size() + 1, options.threads),
                                         error.code().value())));
  }
  wait_for_end(signals, crew.end, quotas, counters ? &*counters : nullptr);
  crew.ending = true;
  crew.wake_all();
  wait_for_workers(signals, crew);
  for (std::thread& thread : threads) thread.join();
  if (counters) counters->end(describe_counters(quotas.totals()));
  if (options.verbose && options.tls) inform(describe_handshakes(quotas.totals()));
  if (crew.failure) std::rethrow_exception(crew.failure);
  return timeline ? measurement(crew, *timeline, start, start_on_wall) : metrics::Measurement{};
}

}  // namespace millrace::sink
