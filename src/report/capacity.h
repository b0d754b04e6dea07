#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/measurement.h"
#include "report/verdict.h"

namespace millrace::report {

// What stays of metrics::EndToEnd.
struct ProbeArrivals {
  // From when messages were due to their arrival, in microseconds: percentile(), of all copies.
  std::optional<std::uint64_t> p50;
  std::optional<std::uint64_t> p99;
  std::optional<std::uint64_t> most;
  std::uint64_t not_arrived = 0;  // copies
  std::uint64_t backlog = 0;      // the same, at the end of the probe
};

// A probe of a search for a capacity, and what was measured in it.
struct CapacityProbe {
  enum class Outcome : std::uint8_t { held, missed, late };

  double level = 0;       // that was asked for: messages a second, or sessions
  bool confirms = false;  // it was to confirm what others had found
  Outcome outcome = Outcome::held;
  Duration length{};  // without the warm-up
  double rate = 0;    // messages delivered a second
  double failed_share = 0;
  std::uint64_t p50 = 0;  // of the latency from when messages were due, in microseconds
  std::uint64_t p99 = 0;
  std::uint64_t most = 0;
  // Where the journals of sinks were followed.
  std::optional<ProbeArrivals> arrivals = {};
  std::vector<Verdict> verdicts;  // the terms of the objective
  // Of one that says nothing, since the generator was late; and of one that was missed since it
  // fell behind, whatever the terms say. Else empty.
  std::string reason;

  // Whether there is a reason that the terms do not tell.
  [[nodiscard]] bool has_reason() const;

  // What was measured, judged by the terms. The level, the outcome and the reason are left to the
  // caller.
  static CapacityProbe of(const metrics::Measurement& measurement, std::vector<Verdict> verdicts);
};

inline constexpr std::array<std::string_view, 3> kProbeOutcomeNames = {"held", "missed", "late"};

// The highest level at which a server holds an objective, as a search has found it.
struct Capacity {
  enum class Of : std::uint8_t { rate, sessions };
  enum class Limit : std::uint8_t { server, generator, range, unknown };

  Of of = Of::rate;
  std::vector<std::string> objective;  // the terms, as they were asked for
  double level = 0;                    // the highest that held; 0: none did
  bool confirmed = false;
  Limit limited_by = Limit::unknown;
  double limited_at = 0;  // the lowest that did not hold, or where the generator was late; or 0
  // How it was searched.
  double low = 0;
  double high = 0;
  double resolution = 0;  // a share
  Duration confirm{};     // how long a probe lasts that confirms
  std::vector<CapacityProbe> probes;

  // Whether the search came to its end, and what it found was confirmed.
  [[nodiscard]] bool found() const;
};

inline constexpr std::array<std::string_view, 2> kCapacityOfNames = {"rate", "sessions"};
inline constexpr std::array<std::string_view, 4> kCapacityLimitNames = {"server", "generator",
                                                                        "range", "unknown"};

}  // namespace millrace::report
