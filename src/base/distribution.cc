#include "base/distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millrace {
namespace {

// Beyond it doubles are no longer all the whole numbers.
constexpr double kLargestWhole = 0x1p53;

// One number of each kind, without a limit. Where a logarithm or a power is of 1 - unit(), that is
// never 0.
struct Drawing {
  Roll& roll;

  double operator()(const Constant& constant) const { return constant.value; }

  double operator()(const Uniform& uniform) const {
    return uniform.least + roll.unit() * (uniform.most - uniform.least);
  }

  double operator()(const Exponential& exponential) const {
    return -exponential.mean * std::log(1 - roll.unit());
  }

  double operator()(const Lognormal& lognormal) const {
    return lognormal.median * std::exp(lognormal.sigma * roll.normal());
  }

  double operator()(const Pareto& pareto) const {
    return pareto.least * std::pow(1 - roll.unit(), -1 / pareto.alpha);
  }

  // Of a mean of 1 the divisor is -infinity, and all draws are 1.
  double operator()(const Geometric& geometric) const {
    return 1 + std::floor(std::log(1 - roll.unit()) / std::log1p(-1 / geometric.mean));
  }
};

struct Mean {
  double operator()(const Constant& constant) const { return constant.value; }
  double operator()(const Uniform& uniform) const { return (uniform.least + uniform.most) / 2; }
  double operator()(const Exponential& exponential) const { return exponential.mean; }
  double operator()(const Lognormal& lognormal) const {
    return lognormal.median * std::exp(lognormal.sigma * lognormal.sigma / 2);
  }
  double operator()(const Pareto& pareto) const {
    if (pareto.alpha <= 1) return std::numeric_limits<double>::infinity();
    return pareto.least * pareto.alpha / (pareto.alpha - 1);
  }
  double operator()(const Geometric& geometric) const { return geometric.mean; }
};

double bounded(double number, double most) { return number > 0 ? std::min(number, most) : 0; }

}  // namespace

double draw(const Distribution& distribution, Roll& roll, double most) {
  return bounded(std::visit(Drawing{roll}, distribution), most);
}

std::uint64_t draw_whole(const Distribution& distribution, Roll& roll, std::uint64_t most) {
  const double limit = std::min(static_cast<double>(most), kLargestWhole);
  if (const auto* uniform = std::get_if<Uniform>(&distribution)) {
    const auto least = static_cast<std::uint64_t>(bounded(std::round(uniform->least), limit));
    const auto last = static_cast<std::uint64_t>(bounded(std::round(uniform->most), limit));
    return least + roll.below(std::max(least, last) - least + 1);
  }
  return static_cast<std::uint64_t>(std::round(draw(distribution, roll, limit)));
}

double mean(const Distribution& distribution) { return std::visit(Mean{}, distribution); }

}  // namespace millrace
