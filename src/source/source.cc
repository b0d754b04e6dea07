#include "source/source.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "base/diagnostics.h"
#include "net/wake_up.h"
#include "source/run.h"
#include "source/worker.h"

namespace millrace::source {

namespace {

std::string describe(const Run::Handshakes& handshakes) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(handshakes.total);
  return fmt::format(
      "TLS: {} handshakes, {} resumed, {} us each", handshakes.done, handshakes.resumed,
      microseconds.count() / static_cast<long>(std::max<std::uint64_t>(1, handshakes.done)));
}

}  // namespace

bool run_source(const SourceOptions& options) {
  net::raise_descriptor_limit();
  signal(SIGPIPE, SIG_IGN);
  std::vector<std::unique_ptr<net::WakeUp>> wake_ups;
  for (unsigned i = 0; i < options.threads; ++i) {
    wake_ups.push_back(std::make_unique<net::WakeUp>());
  }
  Run run(options, [&wake_ups] {
    for (const auto& wake_up : wake_ups) wake_up->wake();
  });
  // All loops go together: liburing unmaps a ring by bare system calls, and ThreadSanitizer would
  // take the ring that another thread maps in its place for the old one.
  std::latch finished(options.threads);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.threads; ++i) {
    threads.emplace_back([&, i] {
      try {
        Worker worker(run, i, options.threads);
        wake_ups[i]->attach(worker.loop(), [&worker] { worker.stop(); });
        worker.run();
        finished.arrive_and_wait();
      } catch (const Fatal& error) {
        run.fail(error.what());
        finished.count_down();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (options.verbose && options.tls) inform(describe(run.handshakes()));
  return !run.failed() && run.sessions_lost() == 0;
}

}  // namespace millrace::source
