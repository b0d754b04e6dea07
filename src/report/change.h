#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/statistics.h"

namespace millrace::report {

// One figure of two sets of runs, side by side.
struct Change {
  enum class Meaning : std::uint8_t {
    noise,  // may as well be chance
    better,
    worse,
    unclear,  // too little is known to tell from chance
  };

  std::string figure;
  double base = 0;  // medians
  double next = 0;
  Interval ratio{};                   // of the medians, new to base
  std::optional<double> probability;  // of such a difference by chance; none when it is not told so
  Meaning meaning = Meaning::noise;
  double loss = 0;  // by which share it is worse; negative when it is better
  std::string (*format)(double) = nullptr;

  // A value of the figure for people.
  [[nodiscard]] std::string shown(double value) const { return format(value); }
};

// Fewer values than this on a side, and chance alone may set them apart.
inline constexpr std::size_t kEnoughValues = 3;

// Fills in by how much the figure, whose medians are there, became worse.
void tell_loss(Change& change, bool higher_is_better);

// Tells the change from chance by the values of both sides; its loss must be there.
void tell_from_chance(Change& change, const std::vector<double>& base,
                      const std::vector<double>& next);

}  // namespace millrace::report
