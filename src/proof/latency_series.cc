#include "proof/latency_series.h"

#include "metrics/histogram.h"

namespace millrace::proof {

void LatencySeries::record(std::size_t second, Duration latency) {
  while (second / row_seconds_ >= kMostRows) halve();
  const std::size_t row = second / row_seconds_;
  if (row >= rows_.size()) rows_.resize(row + 1);
  rows_[row].record(latency);
}

void LatencySeries::halve() {
  const std::size_t half = (rows_.size() + 1) / 2;
  for (std::size_t row = 1; row < rows_.size(); ++row) {
    if (row % 2 == 0) {
      rows_[row / 2] = rows_[row];
    } else {
      rows_[row / 2].add(rows_[row]);
    }
  }
  rows_.resize(half);
  row_seconds_ *= 2;
}

std::vector<LatencyRow> LatencySeries::rows() const {
  std::vector<LatencyRow> rows;
  metrics::Histogram histogram;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    histogram.clear();
    rows_[row].add_to(histogram);
    if (histogram.empty()) continue;
    rows.push_back({.second = row * row_seconds_,
                    .count = histogram.count(),
                    .p50 = histogram.percentile(0.5),
                    .p90 = histogram.percentile(0.9),
                    .p99 = histogram.percentile(0.99),
                    .most = histogram.most()});
  }
  return rows;
}

}  // namespace millrace::proof
