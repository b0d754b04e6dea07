#include "metrics/reply_counts.h"

#include <optional>

namespace millrace::metrics {
namespace {

constexpr std::string_view kUnknownName = "UNKNOWN";

constexpr std::size_t kCodeDigits = 3;  // of a reply code
constexpr unsigned kPartBits = 10;      // of an enhanced code: subject and detail are below 1,000

bool digit(char byte) { return byte >= '0' && byte <= '9'; }

// A dot and one to three digits off the front, if they are there.
std::optional<ReplyCounts::Enhanced> take_part(std::string_view& text) {
  if (!text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  ReplyCounts::Enhanced number = 0;
  std::size_t length = 0;
  for (; length < text.size() && digit(text[length]); ++length) {
    if (length == 3) return std::nullopt;
    number = number * 10 + static_cast<ReplyCounts::Enhanced>(text[length] - '0');
  }
  if (length == 0) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

// class "." subject "." detail (RFC 3463, 2) off the front; 0: none.
ReplyCounts::Enhanced take_enhanced(std::string_view& text) {
  if (text.empty()) return 0;
  const char status = text.front();
  if (status != '2' && status != '4' && status != '5') return 0;
  text.remove_prefix(1);
  const auto subject = take_part(text);
  if (!subject) return 0;
  const auto detail = take_part(text);
  if (!detail) return 0;
  return static_cast<ReplyCounts::Enhanced>(status - '0') << (2 * kPartBits) |
         *subject << kPartBits | *detail;
}

}  // namespace

std::string_view ReplyCounts::name(std::size_t command) {
  return command == kUnknown ? kUnknownName : smtp::kVerbKeywords[command];
}

void ReplyCounts::add(std::size_t command, const Count& count) {
  std::vector<Count>& counts = counts_[command];
  for (Count& known : counts) {
    if (known.code == count.code && known.enhanced == count.enhanced) {
      known.times += count.times;
      return;
    }
  }
  const bool full = counts.size() >= kMostKinds;
  if (full && (count.code != 0 || count.enhanced != 0)) return add(command, {.times = count.times});
  counts.push_back(count);
}

void ReplyCounts::add(const ReplyCounts& other) {
  for (std::size_t command = 0; command < kCommands; ++command) {
    for (const Count& count : other.counts_[command]) add(command, count);
  }
}

ReplyCounts::Enhanced ReplyCounts::enhanced_code(std::string_view text) {
  if (text.size() < kCodeDigits + 2) return 0;
  if (text[kCodeDigits] != ' ' && text[kCodeDigits] != '-') return 0;
  text.remove_prefix(kCodeDigits + 1);
  const Enhanced enhanced = take_enhanced(text);
  const bool ends =
      text.empty() || text.front() == ' ' || text.front() == '\n' || text.starts_with("\r\n");
  return ends ? enhanced : 0;
}

ReplyCounts::Enhanced ReplyCounts::parse(std::string_view enhanced) {
  const Enhanced number = take_enhanced(enhanced);
  return enhanced.empty() ? number : 0;
}

std::string ReplyCounts::text(Enhanced enhanced) {
  constexpr Enhanced kMask = (1U << kPartBits) - 1;
  std::string text = std::to_string(enhanced >> (2 * kPartBits));
  text.append(".").append(std::to_string(enhanced >> kPartBits & kMask));
  text.append(".").append(std::to_string(enhanced & kMask));
  return text;
}

}  // namespace millrace::metrics
