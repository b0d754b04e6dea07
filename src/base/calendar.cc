#include "base/calendar.h"

namespace millrace {

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
