#include "report/capacity.h"

#include <algorithm>
#include <utility>

namespace millrace::report {

CapacityProbe CapacityProbe::of(const metrics::Measurement& measurement,
                                std::vector<Verdict> verdicts) {
  const metrics::Histogram& intended = measurement.total.intended;
  CapacityProbe probe{.length = measurement.measured,
                      .rate = measurement.rate(),
                      .failed_share = measurement.failed_share(),
                      .p50 = intended.percentile(0.5),
                      .p99 = intended.percentile(0.99),
                      .most = intended.most(),
                      .verdicts = std::move(verdicts)};
  if (const auto& behind = measurement.end_to_end) {
    probe.arrivals = {.p50 = behind->percentile(0.5),
                      .p99 = behind->percentile(0.99),
                      .most = behind->percentile(1),
                      .not_arrived = behind->not_arrived(),
                      .backlog = behind->backlog};
  }
  return probe;
}

bool CapacityProbe::has_reason() const {
  if (outcome != Outcome::missed) return outcome == Outcome::late;
  return std::all_of(verdicts.begin(), verdicts.end(),
                     [](const Verdict& verdict) { return verdict.passed; });
}

bool Capacity::found() const {
  return confirmed && (limited_by == Limit::server || limited_by == Limit::range);
}

}  // namespace millrace::report
