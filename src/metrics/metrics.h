#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/histogram.h"
#include "metrics/names.h"
#include "metrics/reply_counts.h"

namespace millrace::metrics {

// What is counted in numbers alone.
struct Counters {
  std::uint64_t started = 0;     // messages that sessions turned to
  std::uint64_t delivered = 0;   // messages that the server took, for one recipient at least
  std::uint64_t refused = 0;     // messages that it did not take
  std::uint64_t lost = 0;        // messages whose session was lost, or never came about
  std::uint64_t unfinished = 0;  // messages under way when the run was stopped
  std::uint64_t unstarted = 0;   // messages that were due, and that no session ever turned to
  // Of a source that sends again what was not taken: messages that it gave up in the end, that wait
  // for their next attempt when the run ends, and that were due and shed since too many waited.
  std::uint64_t given_up = 0;
  std::uint64_t waiting = 0;
  std::uint64_t shed = 0;
  std::uint64_t recipients = 0;  // that the server took messages for
  std::uint64_t bytes_sent = 0;  // on the wire, under TLS encrypted ones
  std::uint64_t bytes_received = 0;
  std::uint64_t sessions_opened = 0;  // connections made
  std::uint64_t sessions_reused = 0;  // messages that found a session which had carried another
  std::uint64_t sessions_failed = 0;  // connections not made, or lost before their time
  std::uint64_t tls_handshakes = 0;
  std::uint64_t tls_resumed = 0;  // of those
  std::uint64_t retries = 0;      // attempts at messages after the first
  // Attempts that sent all of the content and got neither yes nor no to it (RFC 1047), and those
  // behind such a one that were taken themselves or are in doubt too.
  std::uint64_t in_doubt = 0;
  std::uint64_t possible_duplicates = 0;
  std::uint64_t recipients_given_up = 0;  // also those of messages that others were sent

  void add(const Counters& other);
  // Messages that were due and not delivered.
  [[nodiscard]] std::uint64_t failed() const {
    return refused + lost + unfinished + unstarted + given_up + waiting + shed;
  }
};

// A row a counter: its name in reports, its place, and the minor version of the schema of reports
// that it came with (report/json_fields.h).
template <typename Counts>
struct CountName {
  std::string_view name;
  std::uint64_t Counts::*counter;
  std::uint64_t since = 0;
};
using CounterName = CountName<Counters>;

inline constexpr std::array<CounterName, 21> kCounterNames = {{
    {"messages", &Counters::delivered},
    {"messages_started", &Counters::started},
    {"messages_refused", &Counters::refused},
    {"messages_lost", &Counters::lost},
    {"messages_unfinished", &Counters::unfinished},
    {"messages_unstarted", &Counters::unstarted, 1},
    {"messages_given_up", &Counters::given_up, 3},
    {"messages_waiting", &Counters::waiting, 3},
    {"messages_shed", &Counters::shed, 3},
    {"recipients", &Counters::recipients},
    {"bytes_sent", &Counters::bytes_sent},
    {"bytes_received", &Counters::bytes_received},
    {"sessions_opened", &Counters::sessions_opened},
    {"sessions_reused", &Counters::sessions_reused},
    {"sessions_failed", &Counters::sessions_failed},
    {"tls_handshakes", &Counters::tls_handshakes},
    {"tls_resumed", &Counters::tls_resumed},
    {"retries", &Counters::retries, 3},
    {"losses_in_doubt", &Counters::in_doubt, 3},
    {"possible_duplicates", &Counters::possible_duplicates, 3},
    {"recipients_given_up", &Counters::recipients_given_up, 3},
}};

// How often something went wrong, by kind.
using ErrorTimes = std::array<std::uint64_t, kErrors>;

// How often something went wrong, and what was said the first time.
struct ErrorCount {
  std::uint64_t times = 0;
  std::string sample;
};

using ErrorCounts = std::array<ErrorCount, kErrors>;

// Adds how often each kind occurred.
void add_times(const ErrorCounts& errors, ErrorTimes& times);

// How many messages were over after one attempt, after two, and so on; the last element: after so
// many or more.
using AttemptCounts = std::array<std::uint64_t, 32>;

// What was measured over some time by one thread, or by all of them.
struct Metrics {
  Counters counters;
  Histogram intended;  // of delivered messages: from when they were due to the last reply
  Histogram service;   // from when their session turned to them
  Histogram failed;    // of those that were not delivered: from when they were due to the end
  std::array<Histogram, kPhases> phases;
  ReplyCounts replies;
  ErrorCounts errors;
  AttemptCounts attempts{};  // of messages that were delivered, refused or given up

  Histogram& operator[](LatencyPhase phase) { return phases[index(phase)]; }
  const Histogram& operator[](LatencyPhase phase) const { return phases[index(phase)]; }

  void count_error(Error kind, std::string_view text);
  void count_attempts(std::uint64_t made) { ++attempts[std::min(made, attempts.size()) - 1]; }
  void add(const Metrics& other);
};

}  // namespace millrace::metrics
