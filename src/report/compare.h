#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/change.h"
#include "report/run.h"
#include "report/text.h"

namespace millrace::report {

struct Comparison {
  // What is noise is told by chance among the runs or their seconds; of searches for a capacity by
  // what they leave open, and then by chance where there are enough of them.
  enum class By : std::uint8_t { runs, seconds, searches };

  std::vector<Change> changes;
  std::size_t base_values = 0;  // that each change is told from
  std::size_t next_values = 0;
  By by = By::runs;

  // The figures that became worse by more than `limit` (a share), and not by chance unless that
  // cannot be told.
  [[nodiscard]] std::vector<const Change*> regressions(double limit) const;
};

// With three runs or more on each side their figures are compared, else those of their seconds. Of
// runs that searched a capacity that alone is compared, since their other figures are of different
// loads. All must be of sources. Throws Fatal.
Comparison compare(const std::vector<Run>& base, const std::vector<Run>& next);

std::string describe(const Comparison& comparison, const Style& style);

}  // namespace millrace::report
