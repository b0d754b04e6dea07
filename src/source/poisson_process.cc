#include "source/poisson_process.h"

#include <cmath>
#include <numbers>
#include <random>

#include "base/roll.h"

namespace millrace::source {
namespace {

// From a beta distribution of which both parameters are `shape`, at least 1 (G. Ulrich's way, as in
// L. Devroye, "Random variate generation in one line of code", 1996).
double symmetric_beta(Roll roll, double shape) {
  const double radius = std::sqrt(1 - std::pow(roll.unit(), 2 / (2 * shape - 1)));
  return (1 + radius * std::cos(2 * std::numbers::pi * roll.unit())) / 2;
}

}  // namespace

// Not the states of what is drawn of messages with the same seed.
PoissonProcess::PoissonProcess(std::uint64_t seed) : state_(Roll(~seed)()) {}

double PoissonProcess::sum_of(std::uint64_t gaps) {
  if (known_ahead_ == 0 || gaps >= begin_.gaps + kRun) seek(gaps);
  return begin_.sum + length_ * std::log(products_[gaps - begin_.gaps]);
}

void PoissonProcess::seek(std::uint64_t gaps) {
  while (true) {
    if (known_ahead_ == 0) ahead_[known_ahead_++] = next_block();
    const Sum& after = ahead_[known_ahead_ - 1];
    if (after.gaps <= gaps) {
      begin_ = after;
      --known_ahead_;
    } else if (after.gaps - begin_.gaps > kRun) {
      const Sum middle = between(begin_, after);
      if (middle.gaps <= gaps) {
        begin_ = middle;
      } else {
        ahead_[known_ahead_++] = middle;
      }
    } else {
      break;
    }
  }
  draw_run();
}

// A number is half of 64 bits, and never 0 or 1.
void PoissonProcess::draw_run() {
  Roll roll(state_ + (begin_.gaps + 1) * Roll::kStride);
  const auto uniform = [](std::uint64_t bits) {
    return (static_cast<double>(bits) + 0.5) * 0x1p-32;
  };
  double product = 1;
  for (std::size_t place = 0; place < kRun; place += 2) {
    const std::uint64_t bits = roll();
    products_[place] = product;
    product *= uniform(bits >> 32U);
    products_[place + 1] = product;
    product *= uniform(bits & 0xffffffffU);
  }
  length_ = (ahead_[known_ahead_ - 1].sum - begin_.sum) / std::log(product);
}

PoissonProcess::Sum PoissonProcess::next_block() const {
  Roll roll(state_ + begin_.gaps * Roll::kStride);
  std::gamma_distribution<double> length(kBlock);
  return {.gaps = begin_.gaps + kBlock, .sum = begin_.sum + length(roll)};
}

PoissonProcess::Sum PoissonProcess::between(const Sum& before, const Sum& after) const {
  const std::uint64_t half = (after.gaps - before.gaps) / 2;
  const std::uint64_t gaps = before.gaps + half;
  const double share =
      symmetric_beta(Roll(state_ + gaps * Roll::kStride), static_cast<double>(half));
  return {.gaps = gaps, .sum = before.sum + (after.sum - before.sum) * share};
}

}  // namespace millrace::source
