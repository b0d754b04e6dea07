#include "mail/addresses/addresses.h"

#include <limits>
#include <utility>

#include "base/diagnostics.h"
#include "base/printable.h"

namespace millrace::mail {

std::optional<AddressSource> AddressSource::of_patterns(std::span<const WeightedPattern> patterns,
                                                        AddressPart part, std::string& why) {
  why.clear();
  std::vector<Pattern> parsed;
  std::vector<double> weight_of;
  std::uint64_t size = 0;
  std::string beyond_ascii;
  for (const WeightedPattern& pattern : patterns) {
    auto one = Pattern::parse(pattern.text, part, why);
    if (!one) return std::nullopt;
    if (beyond_ascii.empty() && !one->ascii()) beyond_ascii = in_quotes(pattern.text);
    parsed.push_back(std::move(*one));
    const std::string_view mistake = weight_mistake(pattern.weight);
    if (!mistake.empty()) {
      why = "the weight of " + in_quotes(pattern.text) + " " + std::string(mistake);
      return std::nullopt;
    }
    weight_of.push_back(pattern.weight);
    if (pattern.weight > 0) size += parsed.back().size();
  }
  auto weights = Weights::make(weight_of, why);
  if (!weights) return std::nullopt;
  return AddressSource(Patterns{.patterns = std::move(parsed), .weights = std::move(*weights)},
                       size, std::move(beyond_ascii));
}

std::optional<AddressSource> AddressSource::of_file(const std::string& path, AddressPart part,
                                                    std::string& why) {
  why.clear();
  try {
    AddressList list = AddressList::read(path, part);
    std::string beyond_ascii = list.beyond_ascii();
    const std::size_t size = list.different();
    return AddressSource(std::move(list), size, std::move(beyond_ascii));
  } catch (const Fatal& mistake) {
    why = mistake.what();
    return std::nullopt;
  }
}

std::optional<AddressSource> AddressSource::of_text(const std::string& text, AddressPart part,
                                                    std::string& why) {
  if (names_file(text, part)) return of_file(text, part, why);
  const WeightedPattern pattern{.text = text};
  return of_patterns({&pattern, 1}, part, why);
}

bool AddressSource::names_file(std::string_view text, AddressPart part) {
  return text.starts_with("/") || text.starts_with("./") || text.starts_with("../") ||
         (part == AddressPart::mailbox && text.find('@') == std::string_view::npos);
}

void AddressSource::append_draw(Roll& roll, std::string& text) const {
  if (const auto* const list = std::get_if<AddressList>(&from_)) {
    text += list->draw(roll);
    return;
  }
  const auto& [patterns, weights] = *std::get_if<Patterns>(&from_);
  const Pattern& pattern = patterns[weights.draw(roll)];
  pattern.append(roll.below(pattern.size()), text);
}

void Senders::append_draw(Roll& roll, std::string& text) const {
  if (roll.unit() >= null_share) addresses.append_draw(roll, text);
}

void Recipients::append_draw(Roll& roll, std::string& text) const {
  if (const auto* const whole = std::get_if<AddressSource>(&addresses)) {
    whole->append_draw(roll, text);
    return;
  }
  const auto& [local_parts, domains] = *std::get_if<MailboxesByPart>(&addresses);
  local_parts.append_draw(roll, text);
  text += '@';
  domains.append_draw(roll, text);
}

std::string Recipients::beyond_ascii() const {
  if (const auto* const whole = std::get_if<AddressSource>(&addresses)) {
    return whole->beyond_ascii();
  }
  const auto& [local_parts, domains] = *std::get_if<MailboxesByPart>(&addresses);
  const std::string in_local_parts = local_parts.beyond_ascii();
  return in_local_parts.empty() ? domains.beyond_ascii() : in_local_parts;
}

std::uint64_t Recipients::size() const {
  if (const auto* const whole = std::get_if<AddressSource>(&addresses)) return whole->size();
  const auto& [local_parts, domains] = *std::get_if<MailboxesByPart>(&addresses);
  std::uint64_t size = 0;
  const bool beyond = __builtin_mul_overflow(local_parts.size(), domains.size(), &size);
  return beyond ? std::numeric_limits<std::uint64_t>::max() : size;
}

}  // namespace millrace::mail
