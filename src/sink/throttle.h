#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace millrace::sink {

// Lets so many bytes a second through, in slices.
class Throttle {
 public:
  // How long a slice is; where less than a byte comes in it, as long as one takes.
  static constexpr std::chrono::milliseconds kSlice{100};

  // How many bytes may pass now at `rate` a second (at least 1); a slice at most.
  std::uint64_t allowed(std::uint64_t rate, TimePoint now) {
    constexpr Duration kSecond = std::chrono::seconds(1);
    byte_ = std::max(kSecond / static_cast<Duration::rep>(std::min<std::uint64_t>(rate, kMost)),
                     Duration(1));
    free_ = std::max(free_, now - slice() - byte_ + Duration(1));
    return static_cast<std::uint64_t>((now - free_) / byte_);
  }
  // So many of those have passed.
  void passed(std::uint64_t bytes) { free_ += static_cast<Duration::rep>(bytes) * byte_; }

  // How long until there is another slice.
  [[nodiscard]] Duration slice() const { return std::max<Duration>(kSlice, byte_); }

 private:
  static constexpr std::uint64_t kMost = 1'000'000'000;  // the clock knows no shorter byte

  Duration byte_{1};  // how long one takes
  TimePoint free_;    // until here bytes have passed
};

}  // namespace millrace::sink
