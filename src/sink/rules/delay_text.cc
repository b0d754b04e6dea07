#include <vector>

#include "base/quantity.h"
#include "sink/rules/delay.h"
#include "smtp/keyword.h"

namespace millrace::sink::rules {
namespace {

// Sigma of a lognormal: at 10 one draw in three is 20,000 times the median or a 20,000th of it.
constexpr double kLargestSigma = 10;

std::optional<Duration> length(std::string_view text) {
  const auto time = duration(text);
  if (!time || *time > kLongestDelay) return std::nullopt;
  return time;
}

std::optional<Delay> exponential(std::string_view mean) {
  const auto time = length(mean);
  if (!time || *time == Duration::zero()) return std::nullopt;
  return Exponential{*time};
}

std::optional<Delay> lognormal(std::string_view median, std::string_view sigma) {
  const auto time = length(median);
  const auto spread = decimal(sigma);
  if (!time || *time == Duration::zero() || !spread || *spread > kLargestSigma) return std::nullopt;
  return Lognormal{.median = *time, .sigma = *spread};
}

// "{1}".
std::optional<Delay> of_group(std::string_view text) {
  if (text.size() != 3 || text[0] != '{' || text[2] != '}') return std::nullopt;
  if (text[1] < '1' || text[1] > '9') return std::nullopt;
  return OfGroup{static_cast<std::size_t>(text[1] - '0')};
}

std::optional<Delay> fixed_or_uniform(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto least = length(text.substr(0, dash));
  if (!least) return std::nullopt;
  if (dash == std::string_view::npos) return Fixed{*least};
  const auto most = length(text.substr(dash + 1));
  if (!most || *most < *least) return std::nullopt;
  return Uniform{.least = *least, .most = *most};
}

}  // namespace

std::optional<Delay> parse_delay(std::string_view text) {
  std::vector<std::string_view> words;
  for (auto word = smtp::take_word(text); !word.empty(); word = smtp::take_word(text)) {
    words.push_back(word);
  }
  if (words.size() == 2 && words[0] == "exponential") return exponential(words[1]);
  if (words.size() == 3 && words[0] == "lognormal") return lognormal(words[1], words[2]);
  if (words.size() != 1) return std::nullopt;
  if (const auto group = of_group(words[0])) return group;
  return fixed_or_uniform(words[0]);
}

}  // namespace millrace::sink::rules
