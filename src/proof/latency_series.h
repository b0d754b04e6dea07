#pragma once

#include <cstddef>
#include <vector>

#include "metrics/coarse_histogram.h"
#include "proof/reconciliation.h"

namespace millrace::proof {

// Latencies over time, whenever they are recorded, in 4 MiB: where there would be too many rows,
// two of them become one, and all are twice as long.
class LatencySeries {
 public:
  static constexpr std::size_t kMostRows = 1'024;

  // `second`: from the start of the run.
  void record(std::size_t second, Duration latency);

  // Those with anything in them.
  [[nodiscard]] std::vector<LatencyRow> rows() const;
  [[nodiscard]] std::size_t row_seconds() const { return row_seconds_; }

 private:
  void halve();

  std::size_t row_seconds_ = 1;
  std::vector<metrics::CoarseHistogram> rows_;
};

}  // namespace millrace::proof
