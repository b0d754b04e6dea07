#pragma once

#include <atomic>
#include <cstddef>
#include <optional>

#include "base/cache_line.h"
#include "base/time.h"

namespace millrace::sink {

// Since when no client has been connected, over all workers: what ends a sink that is to stop when
// it is idle. One that was silent and went again is none: it asks whether the sink is there.
class Idleness {
 public:
  // `limit`: how long it may last. It begins with the end of a client's session, not with the
  // program.
  explicit Idleness(Duration limit) : limit_(limit) {}

  // From any thread.
  void session_begun() { open_.fetch_add(1); }
  void session_ended(TimePoint now);
  void silent_session_ended() { open_.fetch_sub(1); }

  // Whether a client is connected, and when the last one went, if one did.
  [[nodiscard]] bool anybody() const { return open_ > 0; }
  [[nodiscard]] std::optional<TimePoint> last_end() const;
  // When it is to be looked at again; nothing: it has lasted for as long as it may.
  [[nodiscard]] std::optional<TimePoint> lasts_until(TimePoint now) const;

 private:
  const Duration limit_;
  alignas(kCacheLine) std::atomic<std::size_t> open_{0};
  std::atomic<TimePoint> last_end_{TimePoint::min()};  // of a client; before the first one, min()
};

}  // namespace millrace::sink
