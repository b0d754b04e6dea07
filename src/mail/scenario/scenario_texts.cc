#include "mail/scenario/scenario_texts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/list.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "mail/addresses/pattern.h"
#include "mail/addresses/weights.h"
#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kLongestPath = 4096;   // bytes: PATH_MAX
constexpr std::size_t kLongestHeader = 998;  // bytes (RFC 5322, 2.1.1)

bool whole_from_one(double number) { return number >= 1 && number == std::floor(number); }

// Whether what is written says nothing but whole numbers from 1 on; what others come to is rounded.
bool from_one(const Distribution& distribution) {
  if (const auto* constant = std::get_if<Constant>(&distribution)) {
    return whole_from_one(constant->value);
  }
  if (const auto* uniform = std::get_if<Uniform>(&distribution)) {
    return whole_from_one(uniform->least) && whole_from_one(uniform->most);
  }
  return true;
}

std::optional<Distribution> counts(std::string_view text, std::uint64_t most, std::string& why) {
  auto distribution = parse_distribution(text, numbers_up_to(most), why);
  if (distribution && !from_one(*distribution)) {
    why = in_quotes(text) + " is not of whole numbers from 1 on";
    return std::nullopt;
  }
  return distribution;
}

std::optional<AddressOrigin> file_or_pattern(std::string_view text, AddressPart part,
                                             std::string& why) {
  if (AddressSource::names_file(text, part)) return file_path(text, why);
  auto pattern = pattern_of(part, text, why);
  if (!pattern) return std::nullopt;
  return std::vector<WeightedPattern>{{.text = std::move(*pattern)}};
}

// "big.test=45", or without a weight.
std::optional<WeightedPattern> weighted_domain(std::string_view item, std::string& why) {
  const std::size_t sign = std::min(item.find('='), item.size());
  auto pattern = pattern_of(AddressPart::domain, item.substr(0, sign), why);
  if (!pattern) return std::nullopt;
  WeightedPattern weighted{.text = std::move(*pattern)};
  if (sign == item.size()) return weighted;
  const auto number = weight(item.substr(sign + 1), why);
  if (!number) return std::nullopt;
  weighted.weight = *number;
  return weighted;
}

// A field name is printable and has no colon (RFC 5322, 3.6.8).
bool in_field_name(char byte) { return byte > ' ' && byte < '\x7f' && byte != ':'; }
bool control(char byte) { return (byte >= 0 && byte < ' ' && byte != '\t') || byte == '\x7f'; }

}  // namespace

std::optional<Distribution> message_sizes(std::string_view text, std::string& why) {
  return parse_distribution(text, bytes_up_to(kLargestSize), why);
}

std::optional<Distribution> recipient_counts(std::string_view text, std::string& why) {
  return counts(text, kMostRecipients, why);
}

std::optional<Distribution> message_counts(std::string_view text, std::string& why) {
  return counts(text, kMostMessages, why);
}

std::optional<Distribution> think_times(std::string_view text, std::string& why) {
  return parse_distribution(text, times_up_to(kLongestThink), why);
}

std::optional<std::string> pattern_of(AddressPart part, std::string_view text, std::string& why) {
  if (!Pattern::parse(text, part, why)) return std::nullopt;
  return std::string(text);
}

std::optional<AddressOrigin> mailboxes(std::string_view text, std::string& why) {
  return file_or_pattern(text, AddressPart::mailbox, why);
}

std::optional<AddressOrigin> domains(std::string_view text, std::string& why) {
  if (AddressSource::names_file(text, AddressPart::domain)) return file_path(text, why);
  const auto items = split_list(text);
  if (!items) {
    why = in_quotes(text) + " has an item that is empty";
    return std::nullopt;
  }
  std::vector<WeightedPattern> patterns;
  double sum = 0;
  for (const std::string_view item : *items) {
    auto pattern = weighted_domain(item, why);
    if (!pattern) return std::nullopt;
    sum += pattern->weight;
    patterns.push_back(std::move(*pattern));
  }
  if (sum > 0) return patterns;
  why = "the weights sum to nothing";
  return std::nullopt;
}

std::optional<AddressOrigin> local_parts(std::string_view text, std::string& why) {
  return file_or_pattern(text, AddressPart::local_part, why);
}

std::optional<FilePath> file_path(std::string_view text, std::string& why) {
  if (text.empty()) {
    why = "no file is named";
  } else if (text.size() > kLongestPath) {
    why = "the path of the file is too long";
  } else if (text.find('\0') != std::string_view::npos) {
    why = "a path has no NUL";
  } else {
    return FilePath{std::string(text)};
  }
  return std::nullopt;
}

std::optional<double> weight(std::string_view text, std::string& why) {
  const auto number = decimal(text);
  if (number && weight_mistake(*number).empty()) return number;
  why = in_quotes(text) + " is no weight: a number from 0 to 1e15";
  return std::nullopt;
}

// Those that messages have anyway, and may have once (RFC 5322, 3.6; RFC 2045, 3).
constexpr std::array<std::string_view, 8> kOnce = {
    "From",    "To",           "Date",         "Message-ID",
    "Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};

bool is_header_line(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || text.size() > kLongestHeader) return false;
  const std::string_view name = text.substr(0, colon);
  const auto same = [name](std::string_view once) { return smtp::same_keyword(name, once); };
  return std::ranges::none_of(kOnce, same) &&
         std::all_of(name.begin(), name.end(), in_field_name) &&
         std::none_of(text.begin(), text.end(), control);
}

}  // namespace millrace::mail
