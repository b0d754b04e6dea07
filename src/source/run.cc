#include "source/run.h"

#include <unistd.h>

#include <utility>

#include "base/diagnostics.h"

namespace millrace::source {

namespace {

std::optional<net::TlsContext> make_tls(const SourceOptions& options) {
  if (!options.tls) return std::nullopt;
  return net::TlsContext::for_client(*options.tls);
}

}  // namespace

Run::Run(const SourceOptions& options, std::function<void()> on_failure)
    : options_(options),
      on_failure_(std::move(on_failure)),
      addresses_(net::resolve(options.endpoint, options.address_family, false)),
      message_(options.message),
      tls_(make_tls(options)),
      next_message_(options.sessions) {
  if (!options.bind_addresses.empty()) {
    pool_.emplace(options.bind_addresses, options.bind_ports);
  }
}

void Run::secured(Duration took, bool resumed) {
  handshakes_.fetch_add(1, std::memory_order_relaxed);
  if (resumed) resumptions_.fetch_add(1, std::memory_order_relaxed);
  handshake_time_.fetch_add(took.count(), std::memory_order_relaxed);
}

Run::Handshakes Run::handshakes() const {
  return {.done = handshakes_, .resumed = resumptions_, .total = Duration(handshake_time_)};
}

std::optional<std::uint64_t> Run::first_message(std::uint64_t session) const {
  if (session >= options_.messages) return std::nullopt;
  return session;
}

std::optional<std::uint64_t> Run::take_message() {
  // Looked at first, so that asking in vain does not count on.
  if (all_taken()) return std::nullopt;
  const std::uint64_t number = next_message_.fetch_add(1, std::memory_order_relaxed);
  if (number >= options_.messages) return std::nullopt;
  return number;
}

void Run::message_sent() {
  if (!options_.show_counter) return;
  const std::lock_guard lock(showing_);
  const std::string text = std::to_string(++messages_shown_) + "\r";
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
}

void Run::refused(const std::string& what) {
  if (options_.carry_on) return warn(what);
  fail(what);
}

void Run::lost(const std::string& what) {
  sessions_lost_.fetch_add(1, std::memory_order_relaxed);
  refused(what);
}

void Run::fail(const std::string& what) {
  if (failed_.exchange(true)) return;
  report_fatal(what);
  on_failure_();
}

}  // namespace millrace::source
