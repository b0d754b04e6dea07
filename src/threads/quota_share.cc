#include "threads/quota_share.h"

#include <algorithm>
#include <utility>

namespace millrace::threads {

bool QuotaShare::take_unused() {
  std::uint64_t unused = unused_.load();
  while (unused > 0) {
    if (unused_.compare_exchange_weak(unused, unused - 1)) return true;
  }
  return false;
}

bool QuotaShare::take() {
  if (take_unused()) return true;
  std::unique_lock lock(mutex_);
  if (take_unused()) return true;
  if (closed_) return false;
  ++waiting_;
  changed_.wait(lock, [this] { return reserved_ > 0 || refused_ > 0; });
  --waiting_;
  if (reserved_ == 0) {
    --refused_;
    return false;
  }
  --reserved_;
  return true;
}

void QuotaShare::give_back() {
  const std::lock_guard lock(mutex_);
  if (unserved() == 0) {
    ++unused_;
    return;
  }
  ++reserved_;
  changed_.notify_all();
}

std::optional<std::uint64_t> QuotaShare::ask() {
  const std::lock_guard lock(mutex_);
  if (asked_ || closed_) return std::nullopt;
  const bool ahead = !dry_ && unused_ <= latest_ / 2;
  if (unserved() > 0 || ahead) asked_ = unserved();
  return asked_;
}

// Those that wait are served before what comes in is there for others, or to be given up.
void QuotaShare::answer(std::uint64_t more) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t waited = std::exchange(asked_, std::nullopt).value_or(0);
  if (more > 0) {
    const std::uint64_t served = std::min(more, unserved());
    reserved_ += served;
    unused_ += more - served;
    latest_ = more;
  } else if (waited > 0) {
    refused_ += std::min(waited, unserved());
  } else {
    dry_ = true;
  }
  changed_.notify_all();
}

std::uint64_t QuotaShare::give_up() {
  const std::lock_guard lock(mutex_);
  return unused_.exchange(0);
}

void QuotaShare::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  asked_.reset();
  refused_ += unserved();
  changed_.notify_all();
}

bool QuotaShare::asks() const {
  const std::lock_guard lock(mutex_);
  return asked_.has_value();
}

}  // namespace millrace::threads
