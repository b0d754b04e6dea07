#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "metrics/timeline.h"

namespace millrace::metrics {

// How a run goes, a moment after each of its seconds.
struct ProgressSnapshot {
  Duration elapsed{};
  std::optional<Duration> length;  // of the schedule, where the clock ends it
  std::optional<Second> second;    // the last one that is complete, if it is a new one
  double asked = 0;                // open loop: the rate asked for now, a second
  std::string stage;
  bool winding_up = false;  // nothing starts any more
  // Copies that the server has accepted and that are not at a sink yet, where anybody looks.
  std::optional<std::uint64_t> backlog = {};
};

}  // namespace millrace::metrics
