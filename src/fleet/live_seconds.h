#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "metrics/timeline.h"

namespace millrace::fleet {

// The seconds of all ranks, put together as they come in, for a view of the run. What comes late
// counts a second later, so that nothing is missing from their sum.
class LiveSeconds {
 public:
  // A second of a rank.
  void add(const metrics::Second& second);

  // All that has come for seconds before this one, as one; nothing where nothing has.
  std::optional<metrics::Second> take(std::uint64_t before);

 private:
  // Seconds that wait at most: where nobody asks, two become one.
  static constexpr std::size_t kMost = 4;

  std::map<std::uint64_t, metrics::Second> pending_;  // by number
  std::uint64_t next_ = 0;                            // that has not been taken yet
};

}  // namespace millrace::fleet
