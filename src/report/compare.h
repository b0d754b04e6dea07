#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/run.h"
#include "report/statistics.h"
#include "report/text.h"

namespace millrace::report {

// One figure of two sets of runs, side by side.
struct Change {
  enum class Meaning : std::uint8_t {
    noise,  // may as well be chance
    better,
    worse,
    unclear,  // too few values to tell from chance
  };

  std::string figure;
  double base = 0;  // medians
  double next = 0;
  Interval ratio{};                   // of the medians, new to base
  std::optional<double> probability;  // of such a difference by chance; none when unclear
  Meaning meaning = Meaning::noise;
  double loss = 0;  // by which share it is worse; negative when it is better
  std::string (*format)(double) = nullptr;

  // A value of the figure for people.
  [[nodiscard]] std::string shown(double value) const { return format(value); }
};

struct Comparison {
  std::vector<Change> changes;
  std::size_t base_values = 0;  // that each change is told from
  std::size_t next_values = 0;
  bool by_second = false;  // they are the seconds of the runs, not the runs

  // The figures that became worse by more than `limit` (a share), and not by chance unless that
  // cannot be told.
  [[nodiscard]] std::vector<const Change*> regressions(double limit) const;
};

// With three runs or more on each side their figures are compared, else those of their seconds.
// All must be of sources. Throws Fatal.
Comparison compare(const std::vector<Run>& base, const std::vector<Run>& next);

std::string describe(const Comparison& comparison, const Style& style);

}  // namespace millrace::report
