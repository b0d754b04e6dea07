#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/time.h"
#include "sink/quotas.h"

namespace millrace::sink {

// How far one of several sinks is.
struct SinkState {
  Quotas::Totals totals;
  // Where SinkOptions::stop_when_idle is given: a client is connected, or an answer is still to be
  // sent; and when the last client went, if one did.
  bool busy = false;
  std::optional<TimePoint> last_end;
};

// What a sink that is one of several is told by whoever holds them together, and tells it. None of
// it is there where it is alone.
struct Fellows {
  // So often `watch` is called.
  static constexpr std::chrono::milliseconds kInterval{100};

  QuotaShares quotas;  // in place of SinkOptions::message_quota and quit_quota
  // It listens, and could take mail: waits until all could. When they begin; nothing where it is to
  // end before.
  std::function<std::optional<std::chrono::system_clock::time_point>()> agree_on_start;
  // From then on again and again, and when it has ended. It does not end for being idle then.
  std::function<void(const SinkState& state)> watch;
};

}  // namespace millrace::sink
