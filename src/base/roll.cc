#include "base/roll.h"

#include <cmath>
#include <numbers>
#include <random>

namespace millrace {

Roll::result_type Roll::operator()() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

std::uint64_t Roll::below(std::uint64_t bound) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>((*this)()) * bound) >> 64);
}

double Roll::unit() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

// By Box and Muller. The logarithm is of what is never 0.
double Roll::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - unit()));
  return radius * std::cos(2 * std::numbers::pi * unit());
}

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

}  // namespace millrace
