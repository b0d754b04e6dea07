#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/roll.h"

namespace millrace::sink::rules {

// The dice of one rule: its k-th roll is a function of the seed, the rule's name and k, so that a
// run can be repeated whichever threads roll. Safe on all threads.
class Dice {
 public:
  Dice(std::uint64_t seed, std::string_view rule);

  Roll roll() {
    return Roll(key_ + rolls_.fetch_add(1, std::memory_order_relaxed) * Roll::kStride);
  }

 private:
  std::uint64_t key_;
  std::atomic<std::uint64_t> rolls_{0};
};

}  // namespace millrace::sink::rules
