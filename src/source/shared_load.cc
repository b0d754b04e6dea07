#include "source/shared_load.h"

#include <algorithm>
#include <vector>

namespace millrace::source {

static_assert(alignof(SharedLoad) == kCacheLine);  // by what all workers write

namespace {

bool goes_up_and_down(const std::vector<Stage>& schedule) {
  return std::any_of(schedule.begin(), schedule.end(), [&](const Stage& stage) {
    return stage.from != stage.to || stage.from != schedule.front().from;
  });
}

}  // namespace

SharedLoad::SharedLoad(const Load& load, std::uint64_t messages, unsigned sessions, Part part)
    : schedule_(load.schedule),
      pattern_(load.pattern),
      seed_(load.seed),
      messages_(messages),
      first_number_(load.first_message),
      ramped_(!load.open_loop && goes_up_and_down(load.schedule)),
      parts_(part.of),
      next_message_(part.first_from(ramped_ ? 0 : sessions)) {}

void SharedLoad::begin(TimePoint start) {
  start_ = start;
  if (schedule_.end() != Stage::kEndless) end_ = start + schedule_.end();
}

std::optional<std::uint64_t> SharedLoad::first_message(std::uint64_t session) {
  if (ramped_) return take_message();
  if (session >= messages_) return std::nullopt;
  return first_number_ + session;
}

std::optional<std::uint64_t> SharedLoad::take_message() {
  // Looked at first, so that asking in vain does not count on.
  if (all_taken()) return std::nullopt;
  const std::uint64_t number = next_message_.fetch_add(parts_, std::memory_order_relaxed);
  if (number >= messages_) return std::nullopt;
  return first_number_ + number;
}

}  // namespace millrace::source
