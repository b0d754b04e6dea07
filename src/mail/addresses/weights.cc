#include "mail/addresses/weights.h"

#include <cmath>

namespace millrace::mail {
namespace {

// Of what is left of a number when it has chosen a column.
constexpr unsigned kRestBits = 44;
constexpr std::uint64_t kRests = std::uint64_t{1} << kRestBits;

// The entries whose columns are not filled yet: two stacks that share one array, those below 1 from
// its front, the others from its end.
class Unfilled {
 public:
  explicit Unfilled(std::span<const double> heights)
      : places_(heights.size()), high_(heights.size()) {
    for (std::size_t place = 0; place < heights.size(); ++place) put(place, heights[place]);
  }

  void put(std::size_t place, double height) {
    (height < 1 ? places_[low_++] : places_[--high_]) = place;
  }
  [[nodiscard]] bool has_low() const { return low_ > 0; }
  [[nodiscard]] bool has_high() const { return high_ < places_.size(); }
  std::size_t take_low() { return places_[--low_]; }
  std::size_t take_high() { return places_[high_++]; }

 private:
  std::vector<std::size_t> places_;
  std::size_t low_ = 0;
  std::size_t high_;
};

std::string mistake_in(std::span<const double> weights) {
  if (weights.size() > Weights::kMostEntries) return "there are more than 1,000,000 weights";
  double sum = 0;
  for (const double weight : weights) {
    if (const std::string_view mistake = weight_mistake(weight); !mistake.empty()) {
      return "a weight " + std::string(mistake);
    }
    sum += weight;
  }
  return sum > 0 ? "" : "the weights sum to nothing";
}

// In the unit of the mean: as high as a column is.
std::vector<double> heights_of(std::span<const double> weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  std::vector<double> heights(weights.begin(), weights.end());
  for (double& height : heights) height = height / sum * static_cast<double>(weights.size());
  return heights;
}

}  // namespace

std::string_view weight_mistake(double weight) {
  if (std::isnan(weight)) return "is no number";
  if (weight < 0) return "is negative";
  if (weight > Weights::kLargestWeight) return "is larger than 1e15";
  return {};
}

std::optional<Weights> Weights::make(std::span<const double> weights, std::string& why) {
  why = mistake_in(weights);
  if (!why.empty()) return std::nullopt;
  return Weights(heights_of(weights));
}

Weights::Weights(std::vector<double> heights) : columns_(heights.size()) {
  Unfilled unfilled(heights);
  while (unfilled.has_low() && unfilled.has_high()) {
    const std::size_t low = unfilled.take_low();
    const std::size_t high = unfilled.take_high();
    fill(low, heights[low], high);
    heights[high] -= 1 - heights[low];
    unfilled.put(high, heights[high]);
  }
  // Those left are 1, but for rounding: what is left adds up to as many as they are.
  while (unfilled.has_low()) fill(unfilled.take_low(), 1, 0);
  while (unfilled.has_high()) fill(unfilled.take_high(), 1, 0);
}

void Weights::fill(std::size_t place, double height, std::size_t other) {
  const auto own = static_cast<std::uint64_t>(std::round(height * kRests));
  // A column that is its entry's alone is so on both sides.
  columns_[place].own = own & (kRests - 1);
  columns_[place].other = (own < kRests ? other : place) & 0xfffff;
}

std::size_t Weights::draw(Roll& roll) const {
  const auto product = static_cast<unsigned __int128>(roll()) * columns_.size();
  const auto place = static_cast<std::size_t>(product >> 64);
  const std::uint64_t rest = static_cast<std::uint64_t>(product) >> (64 - kRestBits);
  const Column& column = columns_[place];
  return rest < column.own ? place : column.other;
}

}  // namespace millrace::mail
