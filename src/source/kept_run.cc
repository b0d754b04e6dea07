#include "source/kept_run.h"

#include <utility>

namespace millrace::source {

bool KeptRun::take(double level, bool held, std::optional<double> best, Result&& run) {
  if (level_ != best) level_.reset();
  const bool of_best = held && level == best;
  if (!of_best && level_) return false;
  run_ = std::move(run);
  if (of_best) level_ = level;
  return true;
}

}  // namespace millrace::source
