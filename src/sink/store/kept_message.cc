#include "sink/store/kept_message.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

namespace millrace::sink {

std::string make_message_id(KeptMessage::Time now) {
  static std::atomic<std::uint64_t> number = 0;
  const auto since_1970 = now.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
  return fmt::format("{}.M{:06}P{}Q{}", seconds.count(), (since_1970 - seconds).count(), getpid(),
                     ++number);
}

}  // namespace millrace::sink
