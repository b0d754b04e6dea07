#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/cache_line.h"

namespace millrace::threads {

// What this process has of a quota that several have together (fleet/). Workers take from it, for
// nothing but an atomic step while something is there; where nothing is they wait until it is known
// whether another process has something left.
class QuotaShare {
 public:
  QuotaShare() = default;
  QuotaShare(const QuotaShare&) = delete;
  QuotaShare& operator=(const QuotaShare&) = delete;

  // From any thread: takes one; false: nobody has one left.
  bool take();
  // From any thread: one that was taken is not needed.
  void give_back();

  // The rest is for the thread that speaks with the others.

  // What is to be asked for now, if anything is: more for so many who wait, or, ahead of need, for
  // none. Then nothing until that is answered.
  std::optional<std::uint64_t> ask();
  // The answer: so many more; 0: none is left.
  void answer(std::uint64_t more);
  // Gives up what is there and nobody waits for: how many.
  std::uint64_t give_up();
  // Nobody will answer any more, nor does it matter: whoever waits gets none.
  void close();
  // It is asked and not answered.
  [[nodiscard]] bool asks() const;

 private:
  bool take_unused();
  [[nodiscard]] std::uint64_t unserved() const { return waiting_ - reserved_ - refused_; }

  alignas(kCacheLine) std::atomic<std::uint64_t> unused_{0};
  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::uint64_t waiting_ = 0;   // workers
  std::uint64_t reserved_ = 0;  // of them, who will find that they have one
  std::uint64_t refused_ = 0;   // of them, who will find that none is left
  std::optional<std::uint64_t> asked_;
  std::uint64_t latest_ = 0;  // that was got at once
  bool dry_ = false;          // nothing can be got ahead of need
  bool closed_ = false;
};

}  // namespace millrace::threads
