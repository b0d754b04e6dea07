#include "base/calendar.h"

#include <cstddef>

#include "base/quantity.h"

namespace millrace {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::size_t kSecondsLength = std::string_view("2026-11-21T05:54:41").size();

// A moment as strftime(3) and strptime(3) have it.
constexpr char kUtcForm[] = "%Y-%m-%dT%H:%M:%S";

}  // namespace

std::string utc_seconds(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::string text(64, '\0');
  text.resize(std::strftime(text.data(), text.size(), kUtcForm, &parts));
  return text;
}

std::string utc_text(system_clock::time_point moment) {
  const auto second = std::chrono::floor<seconds>(moment);
  const auto rest = std::chrono::floor<microseconds>(moment - second).count();
  std::string text = utc_seconds(system_clock::to_time_t(second));
  if (rest > 0) text += std::to_string(1'000'000 + rest).replace(0, 1, ".");
  return text + 'Z';
}

std::optional<system_clock::time_point> utc_time(std::string_view text) {
  if (text.size() <= kSecondsLength || text.back() != 'Z') return std::nullopt;
  const std::string whole(text.substr(0, kSecondsLength));
  std::tm parts{};
  const char* const end = strptime(whole.c_str(), kUtcForm, &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const std::time_t time = timegm(&parts);
  if (utc_seconds(time) != whole) return std::nullopt;
  const seconds since_epoch(time);
  if (since_epoch <= std::chrono::ceil<seconds>(system_clock::duration::min()) ||
      since_epoch >= std::chrono::floor<seconds>(system_clock::duration::max())) {
    return std::nullopt;
  }
  std::string fraction(text.substr(kSecondsLength, text.size() - kSecondsLength - 1));
  system_clock::time_point moment = system_clock::from_time_t(time);
  if (fraction.empty()) return moment;
  const bool digits = fraction.size() > 1 && fraction.front() == '.';
  const auto rest = digits ? decimal(fraction.insert(0, "0")) : std::nullopt;
  if (!rest) return std::nullopt;
  return moment + std::chrono::round<microseconds>(std::chrono::duration<double>(*rest));
}

std::string mail_date(std::time_t time) {
  return format_local_time("%a, %d %b %Y %H:%M:%S %z (%Z)", time);
}

std::string format_local_time(const std::string& format, std::time_t time) {
  std::tm parts{};
  localtime_r(&time, &parts);
  // strftime() returns 0 both for "too small" and for an empty result: a blank tells them apart.
  const std::string marked = format + " ";
  std::string text(format.size() + 64, '\0');
  std::size_t length = 0;
  while ((length = std::strftime(text.data(), text.size(), marked.c_str(), &parts)) == 0) {
    text.resize(text.size() * 2);
  }
  text.resize(length - 1);
  return text;
}

}  // namespace millrace
