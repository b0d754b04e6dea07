#pragma once

#include <cstdint>

namespace millrace {

// One roll of dice: as many random numbers as somebody draws from it, all of which follow from the
// state that it begins with. A standard uniform random bit generator (splitmix64).
class Roll {
 public:
  using result_type = std::uint64_t;

  // States that are `kStride` times different whole numbers apart share no number but by chance.
  static constexpr std::uint64_t kStride = 0xd1342543de82ef95;

  explicit Roll(std::uint64_t state) : state_(state) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  // Evenly from 0 to `bound` - 1, each to within 2^-64; 0 where the bound is.
  std::uint64_t below(std::uint64_t bound);
  // Evenly from [0, 1), in steps of 2^-53.
  double unit();
  // From a normal distribution with mean 0 and deviation 1.
  double normal();

 private:
  std::uint64_t state_;
};

// Of 64 bits, another one each time: where nothing has to be repeated.
std::uint64_t random_seed();

}  // namespace millrace
