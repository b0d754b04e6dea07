#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::source {

// The sums of unit exponential gaps: a Poisson process of rate 1, the same one for the same seed.
// Who asks for each thousandth sum draws little more for it than who asks for all, so workers that
// know nothing of each other have the same process, at a cost that does not grow with their number.
//
// Gaps are in blocks. How long a block is, is drawn from a gamma distribution; where its middle
// lies, from a symmetric beta distribution, then where the middles of its halves lie, and so on
// down to runs, within which each gap is drawn. Each draw has a roll of its own, by its place.
class PoissonProcess {
 public:
  static constexpr std::size_t kRun = 64;
  static constexpr std::size_t kHalvings = 8;
  static constexpr std::uint64_t kBlock = kRun << kHalvings;

  explicit PoissonProcess(std::uint64_t seed);

  // The sum of the first `gaps`; of fewer than were asked for before only within their run.
  double sum_of(std::uint64_t gaps);

 private:
  struct Sum {
    std::uint64_t gaps = 0;
    double sum = 0;
  };

  // To the run that such a sum ends in.
  void seek(std::uint64_t gaps);
  void draw_run();

  [[nodiscard]] Sum next_block() const;
  [[nodiscard]] Sum between(const Sum& before, const Sum& after) const;

  std::uint64_t state_;
  Sum begin_;                             // of the run at hand
  std::array<Sum, kHalvings + 1> ahead_;  // known ones behind it, the next one last
  std::size_t known_ahead_ = 0;           // none: no run is at hand
  std::array<double, kRun> products_{};   // of so many uniform numbers: a gap is -log of one
  double length_ = 0;                     // of the run, by the logarithm of the product of all
};

}  // namespace millrace::source
