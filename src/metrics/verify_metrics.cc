#include "metrics/verify_metrics.h"

namespace millrace::metrics {

void VerifyCounts::add(const VerifyCounts& other) {
  for (const auto& row : kVerifyCountNames) this->*row.counter += other.*row.counter;
}

void VerifyMetrics::add(const VerifyMetrics& other) {
  checked = checked && other.checked;
  counts.add(other.counts);
  from_due.add(other.from_due);
  from_sent.add(other.from_sent);
}

void add_verified(std::optional<VerifyMetrics>& sum, const std::optional<VerifyMetrics>& verified) {
  if (!verified) return;
  if (!sum) {
    sum = verified;
  } else {
    sum->add(*verified);
  }
}

}  // namespace millrace::metrics
