#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "metrics/measurement.h"
#include "report/run.h"

namespace millrace::report {

// What a run must reach: "p99<250ms", "errors<0.1%", "rate>=1000/s".
class Threshold {
 public:
  // Figures: rate, errors (the share of messages not delivered), messages, backlog
  // (metrics::EndToEnd); min, mean, p50, p99.9, any other percentile, and max of the latency from
  // the intended start, or, with a name and a dot before it, of "service", of a phase
  // ("connect.p99<20ms") or to the arrival at a sink ("e2e.p99<5s"). Operators: < <= > >=. Throws
  // Fatal naming what is wrong.
  explicit Threshold(std::string text);

  // As it was given.
  [[nodiscard]] const std::string& text() const { return text_; }

  // A latency is of all messages that were due (of all their copies, to the arrival), and those
  // that have none are behind the slowest: what failed, or of a phase was never answered, or did
  // not arrive, accepted or not. A percentile that lies there is missed, whatever the bound; so are
  // the maximum and the mean where anything failed. A figure of what nobody has looked at is not
  // known, and missed.
  [[nodiscard]] Verdict judge(const metrics::Measurement& measurement) const;

  // Where a percentile of a latency, or the maximum, must be below a bound, that; else nothing.
  [[nodiscard]] std::optional<std::chrono::microseconds> latency_bound() const;
  // Whether such a bound would be met if so many of the slowest messages had never been. What
  // failed is not among them; of what leaves none nothing is known.
  [[nodiscard]] bool holds_without(const metrics::Measurement& measurement,
                                   std::uint64_t slowest) const;

  // In how many messages it can be met and missed: one has to lie beyond a percentile, and in less
  // a single one that fails misses the share of errors. At least 1.
  [[nodiscard]] std::uint64_t messages_needed() const;

  // Whether it is of a latency from when messages are due.
  [[nodiscard]] bool from_due() const;
  // Whether it is of what becomes of messages behind the server.
  [[nodiscard]] bool end_to_end() const;
  // Where a latency to the arrival must be below one, that; else nothing.
  [[nodiscard]] std::optional<std::chrono::microseconds> arrival_bound() const;

 private:
  enum class Figure : std::uint8_t { rate, errors, messages, backlog, latency };
  enum class Statistic : std::uint8_t { least, mean, percentile };

  // Those that a clock has of so many of all, in messages or copies.
  struct Latencies {
    const metrics::Histogram& histogram;
    std::uint64_t there;
    std::uint64_t all;
    std::string_view others;  // what became of the rest
  };

  void parse_figure(std::string_view name);
  void parse_bound(std::string_view bound);
  [[nodiscard]] double value_in(const metrics::Measurement& measurement) const;
  [[nodiscard]] bool measured_in(const metrics::Measurement& measurement) const;
  [[nodiscard]] Latencies latencies_in(const metrics::Measurement& measurement) const;
  [[nodiscard]] std::optional<double> statistic_of(const Latencies& latencies) const;
  [[nodiscard]] Verdict of_latencies(const metrics::Measurement& measurement) const;
  [[nodiscard]] Verdict held_against(double value) const;
  [[nodiscard]] std::string value_text(double value) const;

  std::string text_;
  Figure figure_ = Figure::latency;
  std::string clock_ = "intended";  // or "service", a phase, or "e2e"
  Statistic statistic_ = Statistic::percentile;
  double percentile_ = 0;  // 0 to 1
  bool above_ = false;     // the value must be above the bound, not below
  bool equal_ = false;     // or equal to it
  double bound_ = 0;       // a second, a share, a number, or microseconds
};

// The histogram called "intended", "service" or as a phase is; null when there is none.
const metrics::Histogram* find_histogram(const metrics::Metrics& metrics, std::string_view name);

}  // namespace millrace::report
