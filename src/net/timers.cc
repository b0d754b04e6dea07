#include "net/timers.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace millrace::net {
namespace {

using Tick = std::chrono::milliseconds;

}  // namespace

void Timer::unlink() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  link_ = nullptr;
}

void Timers::start(Timer& timer, TimePoint deadline) {
  constexpr std::int64_t kLastTick = (std::int64_t{1} << (kSlotBits * kLevels)) - 1;
  timer.unlink();
  const auto next = static_cast<std::int64_t>(tick_) + 1;
  const std::int64_t due = std::chrono::ceil<Tick>(deadline - start_).count();
  timer.due_tick_ = static_cast<std::uint64_t>(std::clamp(due, next, std::max(kLastTick, next)));
  place(timer);
}

// Puts the timer into the slot of the highest digit in which its tick differs from now.
void Timers::place(Timer& timer) {
  const auto differing = static_cast<unsigned>(std::bit_width((timer.due_tick_ ^ tick_) | 1) - 1);
  const std::size_t level = std::min<std::size_t>(differing / kSlotBits, kLevels - 1);
  const std::size_t index = timer.due_tick_ >> (kSlotBits * level) & (kSlots - 1);
  Timer*& slot = slots_[level][index];
  timer.next_ = slot;
  timer.link_ = &slot;
  if (slot != nullptr) slot->link_ = &timer.next_;
  slot = &timer;
  used_[level] |= std::uint64_t{1} << index;
}

std::optional<Timers::Slot> Timers::next_slot() {
  // A lower level lies wholly before the next slot of a higher one.
  for (std::size_t level = 0; level < kLevels; ++level) {
    while (used_[level] != 0) {
      const auto index = static_cast<std::size_t>(std::countr_zero(used_[level]));
      if (slots_[level][index] == nullptr) {
        used_[level] &= used_[level] - 1;  // its timers were stopped
        continue;
      }
      const std::size_t shift = kSlotBits * level;
      const std::uint64_t above = tick_ >> (shift + kSlotBits) << (shift + kSlotBits);
      return Slot{level, index, above | std::uint64_t{index} << shift};
    }
  }
  return std::nullopt;
}

std::optional<TimePoint> Timers::next() {
  const std::optional<Slot> slot = next_slot();
  if (!slot) return std::nullopt;
  return start_ + Tick(slot->tick);
}

void Timers::run(TimePoint now) {
  const auto now_tick = static_cast<std::uint64_t>(std::chrono::floor<Tick>(now - start_).count());
  for (;;) {
    const std::optional<Slot> slot = next_slot();
    if (!slot || slot->tick > now_tick) break;
    tick_ = slot->tick;
    due_ = std::exchange(slots_[slot->level][slot->index], nullptr);
    due_->link_ = &due_;
    while (due_ != nullptr) {
      Timer& timer = *due_;
      timer.unlink();
      if (timer.due_tick_ <= tick_) {
        timer.handler_.on_timer(timer);
      } else {
        place(timer);
      }
    }
  }
  tick_ = std::max(tick_, now_tick);
}

}  // namespace millrace::net
