#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace millrace::sink {

// Which recipients got a 4xx lately, for all sessions together, since a client that tries again at
// once (RFC 5321, 4.5.4.1) may do so in another one. When there are kMost of them, those that are
// no longer needed go; what has no room then is not noted.
class Deferrals {
 public:
  // Who tries again within this time has not waited.
  static constexpr std::chrono::seconds kSoonest{10};
  static constexpr std::size_t kMost = 65'536;

  // Who asks for what: a client, from whom, to whom.
  static std::uint64_t key(std::string_view client, std::string_view sender,
                           std::string_view recipient);

  // From any thread: it got a 4xx.
  void note(std::uint64_t key, TimePoint now);
  // Whether it did a moment ago.
  [[nodiscard]] bool lately(std::uint64_t key, TimePoint now);

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, TimePoint> noted_;  // when
};

}  // namespace millrace::sink
