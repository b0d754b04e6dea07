#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace millrace::sink {

// A lock that is waited for no longer than until a moment. (A std::timed_mutex is one; its calls
// are unknown to GCC's ThreadSanitizer.)
class Turns {
 public:
  // Whether it is this thread's now.
  bool take(std::chrono::steady_clock::time_point limit) {
    std::unique_lock lock(mutex_);
    if (!given_back_.wait_until(lock, limit, [this] { return !taken_; })) return false;
    taken_ = true;
    return true;
  }
  void give_back() {
    {
      const std::lock_guard lock(mutex_);
      taken_ = false;
    }
    given_back_.notify_one();
  }

 private:
  std::mutex mutex_;  // over the next
  bool taken_ = false;
  std::condition_variable given_back_;
};

}  // namespace millrace::sink
