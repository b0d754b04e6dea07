#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/roll.h"

namespace millrace::mail {

// A choice among so many, each with a weight, that costs one number of a roll however many there
// are: Walker's alias method, its table made as Vose (1991) does. 8 bytes an entry.
class Weights {
 public:
  static constexpr std::size_t kMostEntries = 1'000'000;
  static constexpr double kLargestWeight = 1e15;

  // Nothing when no choice can be made of them, and `why` says why not, as "the weights sum to
  // nothing".
  static std::optional<Weights> make(std::span<const double> weights, std::string& why);

  // Entry number i comes in a share of weight i / all weights of the draws, to within 2^-44; one
  // with weight 0 never.
  [[nodiscard]] std::size_t draw(Roll& roll) const;

  [[nodiscard]] std::size_t size() const { return columns_.size(); }

 private:
  // Each entry has a column, and shares it with one other: of what is left of the number that chose
  // the column, in 2^-44, what is below `own` is the entry's.
  struct Column {
    std::uint64_t own : 44;
    std::uint64_t other : 20;
  };

  // `heights`: weights by their mean.
  explicit Weights(std::vector<double> heights);

  void fill(std::size_t place, double height, std::size_t other);

  std::vector<Column> columns_;
};

// What is wrong with a weight by itself, as "is negative"; empty when nothing is.
std::string_view weight_mistake(double weight);

}  // namespace millrace::mail
