#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "metrics/histogram.h"
#include "metrics/metrics.h"
#include "metrics/reply_counts.h"

namespace millrace::metrics {

// What is counted of clients that misbehave, all of one kind.
struct ClientCounts {
  std::uint64_t sessions = 0;     // that were asked for, at once
  std::uint64_t connections = 0;  // made
  std::uint64_t refused = 0;      // connects that failed
  // Who hung up, of those connections: the sum of the next seven.
  std::uint64_t after_quit = 0;  // by common consent: QUIT was answered
  std::uint64_t by_server = 0;   // it closed in order
  std::uint64_t by_reset = 0;    // it reset the connection
  std::uint64_t by_client = 0;
  std::uint64_t timed_out = 0;  // the server said nothing for too long
  std::uint64_t failed = 0;     // of itself: replies that are none, an error of TLS
  std::uint64_t by_end = 0;     // of the run
  // What became of transactions, by the replies to their content, and of those that were hidden
  // behind a false end.
  std::uint64_t taken = 0;
  std::uint64_t rejected = 0;
  std::uint64_t smuggled = 0;
  std::uint64_t bytes_sent = 0;  // on the wire, as those received
  std::uint64_t bytes_received = 0;

  void add(const ClientCounts& other);
};

// A row a count, as kCounterNames has them.
inline constexpr std::array<CountName<ClientCounts>, 15> kClientCountNames = {{
    {"sessions", &ClientCounts::sessions},
    {"connections", &ClientCounts::connections},
    {"connects_refused", &ClientCounts::refused},
    {"closed_after_quit", &ClientCounts::after_quit},
    {"closed_by_server", &ClientCounts::by_server},
    {"reset_by_server", &ClientCounts::by_reset},
    {"closed_by_client", &ClientCounts::by_client},
    {"timed_out", &ClientCounts::timed_out},
    {"failed", &ClientCounts::failed},
    {"closed_by_end_of_run", &ClientCounts::by_end},
    {"content_taken", &ClientCounts::taken},
    {"content_rejected", &ClientCounts::rejected},
    {"smuggled_taken", &ClientCounts::smuggled},
    {"bytes_sent", &ClientCounts::bytes_sent},
    {"bytes_received", &ClientCounts::bytes_received},
}};

// What a server did to clients of one kind.
struct ClientMetrics {
  std::string kind;  // as its user called it
  ClientCounts counts;
  Histogram held;  // how long connections were there
  ReplyCounts replies;

  void add(const ClientMetrics& other);
};

// Adds those of the same kind to each other; others come behind those that are there.
void add_clients(std::vector<ClientMetrics>& sum, const std::vector<ClientMetrics>& clients);

}  // namespace millrace::metrics
