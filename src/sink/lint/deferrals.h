#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace millrace::sink {

// Which recipients got a 4xx lately, for all sessions together, since a client that tries again at
// once (RFC 5321, 4.5.4.1) may do so in another one. They are kept by the time of their 4xx, in two
// generations of kSoonest each: the older one goes as a whole, so that noting takes the same time
// however many there are. What has no room in a generation is not noted.
class Deferrals {
 public:
  // Who tries again within this time has not waited.
  static constexpr std::chrono::seconds kSoonest{10};
  static constexpr std::size_t kMost = 32'768;  // of a generation

  // Who asks for what.
  struct Attempt {
    std::string_view listener;
    std::string_view client;  // its address
    std::string_view sender;
    std::string_view recipient;
  };
  static std::uint64_t key(const Attempt& attempt);

  // From any thread: these got a 4xx.
  void note(std::span<const std::uint64_t> keys, TimePoint now);
  // Whether it did a moment ago.
  [[nodiscard]] bool lately(std::uint64_t key, TimePoint now);

 private:
  using Times = std::unordered_map<std::uint64_t, TimePoint>;  // of the latest 4xx

  // When the latest 4xx was: where that is long ago, nobody needs the lock to know of none.
  std::atomic<TimePoint> latest_{TimePoint::min()};
  std::mutex mutex_;  // over the next
  Times newer_;
  Times older_;
  TimePoint begun_;  // when the newer generation did
};

}  // namespace millrace::sink
