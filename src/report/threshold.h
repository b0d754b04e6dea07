#pragma once

#include <cstdint>
#include <string>

#include "metrics/measurement.h"
#include "report/run.h"

namespace millrace::report {

// What a run must reach: "p99<250ms", "errors<0.1%", "rate>=1000/s".
class Threshold {
 public:
  // Figures: rate, errors (the share of messages not delivered), messages; min, mean, p50, p99.9,
  // any other percentile, and max of the latency from the intended start, or, with a name and a
  // dot before it, of "service" or of a phase ("connect.p99<20ms"). Operators: < <= > >=. Throws
  // Fatal naming what is wrong.
  explicit Threshold(std::string text);

  // As it was given.
  [[nodiscard]] const std::string& text() const { return text_; }

  // A latency is missed as well when more messages failed than it leaves out: with 2% failed there
  // is no 99th percentile, however quick the rest was.
  [[nodiscard]] Verdict judge(const metrics::Measurement& measurement) const;

  // In how many messages it can be met and missed: one has to lie beyond a percentile, and in less
  // a single one that fails misses the share of errors. At least 1.
  [[nodiscard]] std::uint64_t messages_needed() const;

 private:
  enum class Figure : std::uint8_t { rate, errors, messages, latency };
  enum class Statistic : std::uint8_t { least, mean, percentile };

  void parse_figure(std::string_view name);
  void parse_bound(std::string_view bound);
  [[nodiscard]] double value_in(const metrics::Measurement& measurement) const;
  [[nodiscard]] double left_out() const;
  [[nodiscard]] double unmeasured_in(const metrics::Measurement& measurement) const;

  std::string text_;
  Figure figure_ = Figure::latency;
  std::string clock_ = "intended";  // or "service", or a phase
  Statistic statistic_ = Statistic::percentile;
  double percentile_ = 0;  // 0 to 1
  bool above_ = false;     // the value must be above the bound, not below
  bool equal_ = false;     // or equal to it
  double bound_ = 0;       // a second, a share, a number, or microseconds
};

// The histogram called "intended", "service" or as a phase is; null when there is none.
const metrics::Histogram* find_histogram(const metrics::Metrics& metrics, std::string_view name);

}  // namespace millrace::report
