#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/distribution.h"
#include "base/roll.h"
#include "mail/addresses/weights.h"
#include "mail/csv.h"

namespace millrace::mail {

// What the sizes of messages are drawn from, in bytes: one of several distributions, by weight, and
// then a number of that.
class Sizes {
 public:
  // No size is larger, whatever a distribution has beyond.
  static constexpr std::uint64_t kLargest = std::uint64_t{1} << 30;

  // As many weights as distributions. Nothing when no choice can be made by them, and `why` says
  // why not.
  static std::optional<Sizes> of(std::vector<Distribution> distributions,
                                 std::span<const double> weights, std::string& why);
  // Always the same distribution.
  static Sizes of(const Distribution& distribution);
  // A histogram: in each row, by its columns "size" and "count", a size (as byte_size() reads it)
  // and how many have just that one, a decimal number. Others are passed over. Throws Fatal, with
  // the line where it is of one.
  static Sizes of(const Csv& histogram);

  [[nodiscard]] std::uint64_t draw(Roll& roll) const {
    return draw_whole(distributions_[weights_.draw(roll)], roll, kLargest);
  }

 private:
  Sizes(std::vector<Distribution> distributions, Weights weights)
      : distributions_(std::move(distributions)), weights_(std::move(weights)) {}

  std::vector<Distribution> distributions_;
  Weights weights_;
};

}  // namespace millrace::mail
