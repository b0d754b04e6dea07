#include "mail/addresses/address_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/diagnostics.h"
#include "base/input_file.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "base/utf8.h"
#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

[[noreturn]] void fail(const std::string& name, std::size_t line, std::string_view what) {
  throw Fatal(fmt::format("{}:{}: {}", name, line, what));
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(smtp::kBlanks), text.size());
  return text.substr(begin, text.find_last_not_of(smtp::kBlanks) + 1 - begin);
}

// Takes the next line off the front of `text`, without its end.
std::string_view take_line(std::string_view& text) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

double weight_in(const Csv& csv, std::size_t row, std::size_t column) {
  const std::string_view text = without_blanks(csv.field(row, column));
  const auto weight = decimal(text);
  if (weight && weight_mistake(*weight).empty()) return *weight;
  fail(csv.name(), csv.line(row),
       fmt::format("{} is no weight: a number from 0 to {:g}", in_quotes(text),
                   Weights::kLargestWeight));
}

}  // namespace

AddressList AddressList::of_lines(std::string_view text, const std::string& name,
                                  AddressPart part) {
  if (text.size() > kMostBytes) throw Fatal(fmt::format("{}: larger than 1 GiB", name));
  text = without_byte_order_mark(text);
  AddressList list;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::string_view address = without_blanks(take_line(text));
    if (address.empty() || address.starts_with('#')) continue;
    list.add(address, part, name, line);
  }
  list.close(name, part);
  list.count_different({});
  return list;
}

AddressList AddressList::of_csv(const Csv& csv, AddressPart part) {
  const auto addresses = csv.column("address");
  const auto weights = csv.column("weight");
  if (!addresses) fail(csv.name(), 1, "no column is called 'address'");
  AddressList list;
  std::vector<double> weight_of;
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    const std::string_view address = without_blanks(csv.field(row, *addresses));
    list.add(address, part, csv.name(), csv.line(row));
    if (weights) weight_of.push_back(weight_in(csv, row, *weights));
  }
  list.close(csv.name(), part);
  list.count_different(weight_of);
  if (!weights) return list;
  std::string why;
  list.weights_ = Weights::make(weight_of, why);
  if (!list.weights_) throw Fatal(fmt::format("{}: {}", csv.name(), why));
  return list;
}

AddressList AddressList::read(const std::string& path, AddressPart part) {
  std::string text = read_all(open_input(path), path, kMostBytes);
  const std::string_view end =
      std::string_view(path).substr(path.size() - std::min<std::size_t>(path.size(), 4));
  if (!smtp::same_keyword(end, ".csv")) return of_lines(text, path, part);
  if (text.size() > kMostBytes) throw Fatal(fmt::format("{}: larger than 1 GiB", path));
  return of_csv(Csv(std::move(text), path), part);
}

std::string_view AddressList::operator[](std::size_t place) const {
  const std::size_t begin = place == 0 ? 0 : ends_[place - 1];
  return std::string_view(text_).substr(begin, ends_[place] - begin);
}

std::string_view AddressList::draw(Roll& roll) const {
  return (*this)[weights_ ? weights_->draw(roll) : roll.below(size())];
}

void AddressList::add(std::string_view text, AddressPart part, const std::string& name,
                      std::size_t line) {
  if (!valid_part(text, part)) fail(name, line, no_part(text, part));
  if (beyond_ascii_.empty() && !is_ascii(text)) {
    beyond_ascii_ = fmt::format("{}:{}: {}", name, line, in_quotes(text));
  }
  text_ += text;
  ends_.push_back(static_cast<std::uint32_t>(text_.size()));
}

// `weights`: of each, or none at all. Once so many differ that no message needs more, all count.
void AddressList::count_different(std::span<const double> weights) {
  constexpr std::size_t kEnough = 10'000;
  std::unordered_set<std::string_view> seen;
  for (std::size_t place = 0; place < size() && seen.size() < kEnough; ++place) {
    if (weights.empty() || weights[place] > 0) seen.insert((*this)[place]);
  }
  different_ = seen.size() < kEnough ? seen.size() : size();
}

// All are there: gives back what was only there to grow.
void AddressList::close(const std::string& name, AddressPart part) {
  if (ends_.empty()) throw Fatal(fmt::format("{}: no {} in it", name, name_of(part)));
  text_.shrink_to_fit();
  ends_.shrink_to_fit();
}

}  // namespace millrace::mail
