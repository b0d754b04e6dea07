#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace millrace::sink::rules {

// One roll: as many random numbers as somebody draws from it. A standard uniform random bit
// generator (splitmix64).
class Roll {
 public:
  using result_type = std::uint64_t;

  explicit Roll(std::uint64_t state) : state_(state) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  // Evenly from [0, 1), in steps of 2^-53.
  double unit();
  // From a normal distribution with mean 0 and deviation 1.
  double normal();

 private:
  std::uint64_t state_;
};

// The dice of one rule: its k-th roll is a function of the seed, the rule's name and k, so that a
// run can be repeated whichever threads roll. Safe on all threads.
class Dice {
 public:
  Dice(std::uint64_t seed, std::string_view rule);

  Roll roll() { return Roll(key_ + rolls_.fetch_add(1, std::memory_order_relaxed) * kStride); }

 private:
  static constexpr std::uint64_t kStride =
      0xd1342543de82ef95;  // odd, so that no two k share a state

  std::uint64_t key_;
  std::atomic<std::uint64_t> rolls_{0};
};

}  // namespace millrace::sink::rules
