#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/client_metrics.h"
#include "metrics/end_to_end.h"
#include "metrics/lint_metrics.h"
#include "metrics/metrics.h"
#include "metrics/split.h"
#include "metrics/timeline.h"
#include "metrics/verify_metrics.h"

namespace millrace::metrics {

// How well the generator kept up: what it adds to latencies, and whether it is the bottleneck.
struct Generator {
  // How long its loops were away from the network at a time.
  Histogram loop_lag;
  // By how much arrivals started later than both their due time and a free session allowed; as all
  // that this is held against, without those of a warm-up.
  Histogram start_lag;
  std::uint64_t late_starts = 0;  // of those, by more than a millisecond
  // A thread each: the share of the time that it used a core, and that it waited for one.
  std::vector<double> busy;
  std::vector<double> run_delay;
  // For how long at a time a loop was away from messages that were under way, one for each of them;
  // without those of a warm-up. Not in a report's file.
  Histogram held_up;

  void add(const Generator& other);
};

// What was measured in a stage of the run.
struct Stage {
  std::string name;  // as it was asked for
  Duration begin{};  // from the start of the run
  Duration length{};
  Metrics metrics;
};

// How often a rule of a sink matched.
struct RuleHits {
  std::string name;  // as its user calls it
  std::uint64_t hits = 0;
};

// What became of a sink's later answers to messages that it had accepted.
struct Answers {
  std::uint64_t queued = 0;   // that were asked for and allowed: the sum of the next five
  std::uint64_t sent = 0;     // that the endpoint took
  std::uint64_t refused = 0;  // that it did not take
  std::uint64_t failed = 0;   // whose session was lost, or never came about
  std::uint64_t dropped = 0;  // that the queue had no room for
  std::uint64_t unsent = 0;   // still waiting when the program ended
  // That were asked for to a null sender, an automatic message or a list (RFC 3834, 2).
  std::uint64_t not_allowed = 0;

  void add(const Answers& other);
};

// A row a count, as kCounterNames has them.
inline constexpr std::array<CountName<Answers>, 7> kAnswerNames = {{
    {"queued", &Answers::queued},
    {"sent", &Answers::sent},
    {"refused", &Answers::refused},
    {"failed", &Answers::failed},
    {"dropped", &Answers::dropped},
    {"unsent", &Answers::unsent},
    {"not_allowed", &Answers::not_allowed},
}};

// What became of the lines of a source's log, one a message.
struct LogTotals {
  std::uint64_t lines = 0;    // that it has
  std::uint64_t dropped = 0;  // that had no place: it was too slow, or could not be written

  void add(const LogTotals& other);
};

// A row a count, as kCounterNames has them.
inline constexpr std::array<CountName<LogTotals>, 2> kLogNames = {{
    {"lines", &LogTotals::lines},
    {"dropped", &LogTotals::dropped},
}};

// The journal of a source that stamps its messages (doc/proof.md).
struct JournalTotals {
  std::string run;            // which stamps say, in hexadecimal digits; empty: of several runs
  std::string path;           // of the file; empty: of several
  std::uint64_t records = 0;  // that it has, one a message, recipient and attempt
  std::uint64_t lost = 0;     // that it does not have: it could not be written

  // Of another run.
  void add(const JournalTotals& other);
};

// The start of a run that several hosts begin at one moment, each by its own clock: what the kernel
// says of that, as NTP or PTP has told it (adjtimex(2)). All in microseconds.
struct AgreedStart {
  bool synchronised = false;  // else nobody keeps the clock right, and the next two say little
  std::uint64_t estimated_error = 0;  // of the clock
  std::uint64_t most_error = 0;       // that it has for certain at most
  std::uint64_t late = 0;             // that the run began behind the moment

  // Of another host: the worst of both.
  void add(const AgreedStart& other);
};

// How a run came to its end.
enum class Ending : std::uint8_t { completed, interrupted, failed };

inline constexpr std::array<std::string_view, 3> kEndingNames = {"completed", "interrupted",
                                                                 "failed"};

// All that was measured in a run.
struct Measurement {
  std::chrono::system_clock::time_point start;
  std::optional<AgreedStart> agreed_start;  // where the start was asked for
  Duration elapsed{};                       // until the last session was done
  Duration measured{};                      // of that, what the figures are about: without warm-up
  Ending ending = Ending::completed;
  bool open_loop = false;
  Metrics total;    // all stages, without warm-up
  Counters warmup;  // what was left out
  std::vector<Stage> stages;
  std::vector<Row> series;
  Generator generator;
  // limits() as they are known: of a run of several parts, those of each, with whose they are; of a
  // file, what it says. None: they follow from the generator.
  std::vector<std::string> known_limits;
  // Of a sink: its rules in their order, those that never matched as well.
  std::vector<RuleHits> rules;
  std::uint64_t keys_forgotten = 0;     // of what rules count by, for want of room
  std::optional<Answers> answers;       // of a sink that was to give any
  std::optional<VerifyMetrics> verify;  // of a sink that verifies
  std::optional<LintMetrics> lint;      // of a sink that judges its clients
  std::optional<LogTotals> log;         // of a source that was to write one
  std::optional<JournalTotals> proof;   // of a source that stamps its messages
  std::optional<EndToEnd> end_to_end;   // of a source that follows the journals of sinks
  std::vector<ClientMetrics> clients;   // of a source that misbehaves; apart from all else
  // Of a source, where its messages differ in that: without warm-up, as the total is.
  std::optional<MessageSplit> kinds;
  std::optional<RecipientSplit> domains;
  std::optional<MessageSplit> senders;

  // How many connections clients made that misbehave.
  [[nodiscard]] std::uint64_t client_connections() const;
  // Delivered messages a second.
  [[nodiscard]] double rate() const;
  // The share of messages that were not delivered, of all that were due; 0 to 1.
  [[nodiscard]] double failed_share() const;
  // Whether the load was borne at all: something was delivered, and no more than half of it failed.
  [[nodiscard]] bool carried() const;
  // Whether most messages were refused, given up, or lost with their session: that comes before all
  // else.
  [[nodiscard]] bool turned_away() const;
  // Why the generator rather than the server may have set the pace, as clauses; none if not.
  [[nodiscard]] std::vector<std::string> limits() const;
};

}  // namespace millrace::metrics
