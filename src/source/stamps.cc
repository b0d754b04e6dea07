#include "source/stamps.h"

#include <algorithm>
#include <chrono>

namespace millrace::source {

Stamps::Stamps(const StampOptions& options)
    : options_(options),
      key_(options.key ? *options.key : proof::StampKey::random()),
      header_(proof::header_now(proof::Side::sent, proof::random_run())) {}

// Both clocks of the header are of one moment, and this is the second of them.
proof::Micros Stamps::in_journal(TimePoint at) const {
  const auto monotonic = std::chrono::duration_cast<proof::Micros>(at.time_since_epoch());
  return std::max(monotonic - proof::Micros(header_.start_monotonic), proof::Micros::zero());
}

}  // namespace millrace::source
