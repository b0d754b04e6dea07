#include "report/change.h"

#include <algorithm>
#include <limits>

namespace millrace::report {
namespace {

constexpr double kChance = 0.05;

}  // namespace

void tell_loss(Change& change, bool higher_is_better) {
  const double difference = change.next - change.base;
  const double against = higher_is_better ? -difference : difference;
  change.loss = change.base > 0 ? against / change.base
                : against > 0   ? std::numeric_limits<double>::infinity()
                                : against;
}

void tell_from_chance(Change& change, const std::vector<double>& base,
                      const std::vector<double>& next) {
  const double difference = change.next - change.base;
  if (std::min(base.size(), next.size()) < kEnoughValues) {
    change.meaning = difference == 0 ? Change::Meaning::noise : Change::Meaning::unclear;
    return;
  }
  change.ratio = ratio_interval(base, next);
  change.probability = difference < 0 ? mann_whitney(next, base) : mann_whitney(base, next);
  if (difference == 0 || *change.probability > kChance) return;
  change.meaning = change.loss > 0 ? Change::Meaning::worse : Change::Meaning::better;
}

}  // namespace millrace::report
