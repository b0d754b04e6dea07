#include <array>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/distribution.h"
#include "base/printable.h"
#include "base/quantity.h"

namespace millrace {
namespace {

using Words = std::vector<std::string_view>;

Words words_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  Words words;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    words.push_back(word);
    text.remove_prefix(word.size());
  }
}

// Reads one text; the first mistake is kept in `why`.
class Reader {
 public:
  Reader(const Measure& measure, std::string& why) : measure_(measure), why_(why) {}

  // A number of what is measured, at least `least`.
  std::optional<double> quantity(std::string_view text, double least) {
    const auto number = measure_.read(text);
    if (!number) {
      return wrong(in_quotes(text) + " is not written as " + in_quotes(measure_.example) + " is");
    }
    if (*number > measure_.most) return wrong(in_quotes(text) + " is too large");
    if (*number < least) return wrong(in_quotes(text) + " is too small");
    return number;
  }

  // A plain number that shapes the distribution, above 0 or, where `zero` may be, 0.
  std::optional<double> shape(std::string_view name, std::string_view text, double most,
                              bool zero) {
    const auto number = decimal(text);
    if (!number || *number > most || (*number == 0 && !zero)) {
      return wrong(in_quotes(text) + " is no " + std::string(name) + ": a number " +
                   (zero ? "from" : "above") + " 0 to " + std::to_string(static_cast<int>(most)));
    }
    return number;
  }

  [[nodiscard]] bool counts() const { return measure_.counts; }

  std::nullopt_t wrong(std::string what) {
    if (why_.empty()) why_ = std::move(what);
    return std::nullopt;
  }

 private:
  const Measure& measure_;
  std::string& why_;
};

// What is above nothing: the least double that is.
constexpr double kSome = std::numeric_limits<double>::min();

using Values = std::span<const std::string_view>;

std::optional<Distribution> exponential(Reader& reader, Values values) {
  const auto mean = reader.quantity(values[0], kSome);
  if (!mean) return std::nullopt;
  return Exponential{*mean};
}

std::optional<Distribution> lognormal(Reader& reader, Values values) {
  const auto median = reader.quantity(values[0], kSome);
  const auto sigma = reader.shape("sigma", values[1], kLargestSigma, true);
  if (!median || !sigma) return std::nullopt;
  return Lognormal{.median = *median, .sigma = *sigma};
}

std::optional<Distribution> pareto(Reader& reader, Values values) {
  const auto least = reader.quantity(values[0], kSome);
  const auto alpha = reader.shape("alpha", values[1], kLargestAlpha, false);
  if (!least || !alpha) return std::nullopt;
  return Pareto{.least = *least, .alpha = *alpha};
}

std::optional<Distribution> geometric(Reader& reader, Values values) {
  if (!reader.counts()) return reader.wrong("geometric is for whole numbers");
  const auto mean = reader.quantity(values[0], 1);
  if (!mean) return std::nullopt;
  return Geometric{*mean};
}

struct Form {
  std::string_view name;
  std::size_t values;
  std::string_view usage;
  std::optional<Distribution> (*read)(Reader& reader, Values values);
};
constexpr std::array<Form, 4> kForms = {{{"exponential", 1, "exponential MEAN", exponential},
                                         {"lognormal", 2, "lognormal MEDIAN SIGMA", lognormal},
                                         {"pareto", 2, "pareto MIN ALPHA", pareto},
                                         {"geometric", 1, "geometric MEAN", geometric}}};

std::optional<Distribution> constant_or_uniform(Reader& reader, std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto least = reader.quantity(text.substr(0, dash), 0);
  if (!least) return std::nullopt;
  if (dash == std::string_view::npos) return Constant{*least};
  const auto most = reader.quantity(text.substr(dash + 1), 0);
  if (!most) return std::nullopt;
  if (*most < *least) return reader.wrong(in_quotes(text) + " ends below where it begins");
  return Uniform{.least = *least, .most = *most};
}

std::optional<double> read_bytes(std::string_view text) {
  const auto bytes = byte_size(text);
  if (!bytes) return std::nullopt;
  return static_cast<double>(*bytes);
}

std::optional<double> read_ticks(std::string_view text) {
  const auto time = duration(text);
  if (!time) return std::nullopt;
  return static_cast<double>(time->count());
}

}  // namespace

Measure bytes_up_to(std::uint64_t most) { return {read_bytes, static_cast<double>(most), "14K"}; }

Measure times_up_to(Duration most) {
  return {read_ticks, static_cast<double>(most.count()), "200ms", false};
}

Measure numbers_up_to(std::uint64_t most) { return {decimal, static_cast<double>(most), "4"}; }

std::optional<Distribution> parse_distribution(std::string_view text, const Measure& measure,
                                               std::string& why) {
  why.clear();
  Reader reader(measure, why);
  const Words words = words_of(text);
  if (words.empty()) return reader.wrong("nothing is said");
  for (const Form& form : kForms) {
    if (words[0] != form.name) continue;
    if (words.size() == 1 + form.values) return form.read(reader, Values(words).subspan(1));
    return reader.wrong(in_quotes(text) + " is not written as '" + std::string(form.usage) + "'");
  }
  if (words.size() == 1 && measure.read(words[0].substr(0, words[0].find('-')))) {
    return constant_or_uniform(reader, words[0]);
  }
  return reader.wrong(in_quotes(text) + " is not written as '" + std::string(measure.example) +
                      "', as A-B, or with exponential, lognormal, pareto" +
                      (measure.counts ? ", geometric" : ""));
}

}  // namespace millrace
