#include "source/load_model.h"

#include <algorithm>
#include <utility>

#include "source/recorder.h"
#include "source/sender.h"
#include "source/sent_journal.h"

namespace millrace::source {

// When the sender's number is below the level: now, later, or never.
std::optional<TimePoint> ClosedLoop::allowed(const Sender& sender, TimePoint now) const {
  if (!load_.ramped()) return now;
  const auto when =
      load_.schedule().when_above(static_cast<double>(sender.number()), now - load_.start());
  if (!when) return std::nullopt;
  return load_.start() + *when;
}

Next ClosedLoop::next(const Sender& sender, TimePoint now) {
  if (stopped_ || load_.past_end(now)) return {};
  const auto when = allowed(sender, now);
  if (!when) return {};
  if (*when > now) return {.when = Next::When::later};
  std::optional<std::uint64_t> message;
  if (!sender.started()) message = load_.first_message(sender.number());
  const bool full = retries_ != nullptr && retries_->full();
  if (!message && came_back_ && !full) message = load_.take_message();
  if (!message && retries_ != nullptr && retries_->ready(now)) {
    came_back_ = true;
    return {.when = Next::When::now, .arrival = retries_->take()};
  }
  if (!message && full) return {.when = Next::When::later};
  if (!message) message = load_.take_message();
  if (!message) return {.when = some_come_back() ? Next::When::later : Next::When::never};
  came_back_ = false;
  return {.when = Next::When::now, .arrival = {.message = *message, .intended = now}};
}

bool ClosedLoop::over(TimePoint now) const {
  return stopped_ || load_.past_end(now) || (load_.all_taken() && !some_come_back());
}

void ClosedLoop::wait(Sender& sender, TimePoint now) {
  const TimePoint until = allowed(sender, now).value_or(now);
  if (retries_ != nullptr && until <= now) {
    idle_.push_back(&sender);
    return;
  }
  parked_.push_back({.until = until, .sender = &sender});
  std::push_heap(parked_.begin(), parked_.end());
}

// When those that wait for a message to come back should ask again: also at the end of the load,
// and at once where there is nothing to wait for any more.
TimePoint ClosedLoop::idle_until() const {
  const auto due = retries_->due();
  const bool in_vain = load_.all_taken() ? !due : !retries_->full();
  if (in_vain) return load_.start();
  return std::min(due.value_or(load_.end()), load_.end());
}

std::optional<TimePoint> ClosedLoop::due() const {
  if (parked_.empty() && idle_.empty()) return std::nullopt;
  const TimePoint parked_until = parked_.empty() ? TimePoint::max() : parked_.front().until;
  return idle_.empty() ? parked_until : std::min(parked_until, idle_until());
}

void ClosedLoop::dispatch(TimePoint now) {
  while (!parked_.empty() && (stopped_ || parked_.front().until <= now)) {
    Sender& sender = *parked_.front().sender;
    std::pop_heap(parked_.begin(), parked_.end());
    parked_.pop_back();
    sender.go();
  }
  while (!idle_.empty() && (stopped_ || idle_until() <= now)) {
    Sender& sender = *idle_.back();
    idle_.pop_back();
    sender.go();
  }
}

void ClosedLoop::wind_up(TimePoint now) {
  stopped_ = true;
  dispatch(now);
}

OpenLoop::OpenLoop(const SharedLoad& load, unsigned first, unsigned step, Observers observers,
                   RetryQueue* retries)
    : load_(load),
      observers_(observers),
      retries_(retries),
      arrivals_(load, first, step),
      available_since_(load.start()) {}

// When the next message is: an arrival, or one that comes back. Nothing when there are no more.
std::optional<TimePoint> OpenLoop::next_due() const {
  const auto again = retries_ != nullptr ? retries_->due() : std::nullopt;
  const std::optional<Arrival>& arrival = arrivals_.at_hand();
  if (!arrival) return again;
  return std::min(again.value_or(TimePoint::max()), arrival->intended);
}

// The message that is due.
Arrival OpenLoop::take() {
  const std::optional<Arrival> arrival = arrivals_.at_hand();
  if (!arrival || arrival->intended != *next_due()) return retries_->take();
  arrivals_.pass();
  return *arrival;
}

// Drops the arrivals for which there is no room, should they have to come back.
void OpenLoop::shed(TimePoint now) {
  if (retries_ == nullptr || !retries_->full()) return;
  for (; arrivals_.due(now); arrivals_.pass()) {
    const Arrival& arrival = *arrivals_.at_hand();
    if (observers_.recorder != nullptr) observers_.recorder->shed(arrival.intended, now);
    if (observers_.journal != nullptr) observers_.journal->never_begun(arrival, now);
  }
}

Next OpenLoop::next(const Sender& /*sender*/, TimePoint now) {
  shed(now);
  const auto due = next_due();
  if (!due) return {};
  if (*due > now) return {.when = Next::When::soon};
  Arrival arrival = take();
  if (observers_.recorder != nullptr) {
    const bool could_start = dispatching_ || !idle_.empty() || !with_room_.empty();
    observers_.recorder->start_lag(
        arrival.intended, could_start ? now - std::max(*due, available_since_) : Duration::zero());
  }
  return {.when = Next::When::now, .arrival = std::move(arrival)};
}

void OpenLoop::wait(Sender& sender, TimePoint now) {
  list(idle_, sender, sender.place_in_pool.idle, now);
}

void OpenLoop::has_room(Sender& sender, TimePoint now) {
  if (next_due()) list(with_room_, sender, sender.place_in_pool.with_room, now);
}

void OpenLoop::list(std::vector<Sender*>& list, Sender& sender, bool& listed, TimePoint now) {
  if (std::exchange(listed, true)) return;
  if (idle_.empty() && with_room_.empty()) available_since_ = now;
  list.push_back(&sender);
}

std::optional<TimePoint> OpenLoop::due() const {
  if (idle_.empty() && with_room_.empty()) return std::nullopt;
  return next_due().value_or(load_.start());  // they wait in vain: tell them now
}

void OpenLoop::dispatch(TimePoint now) {
  for (auto due = next_due(); due && *due <= now; due = next_due()) {
    Sender* const sender = take_sender();
    if (sender == nullptr) return;
    dispatching_ = true;
    sender->go();
    dispatching_ = false;
  }
  if (!next_due()) release();
}

// Lets all go on that wait.
void OpenLoop::release() {
  while (Sender* const sender = take_sender()) sender->go();
}

// A sender that can take a message, or null.
Sender* OpenLoop::take_sender() {
  std::vector<Sender*>& list = idle_.empty() ? with_room_ : idle_;
  if (list.empty()) return nullptr;
  Sender* const sender = list.back();
  (&list == &idle_ ? sender->place_in_pool.idle : sender->place_in_pool.with_room) = false;
  list.pop_back();
  return sender;
}

void OpenLoop::wind_up(TimePoint now) {
  if (observers_.journal != nullptr) observers_.journal->leave_for_later(arrivals_, now);
  for (; arrivals_.due(now); arrivals_.pass()) {
    if (observers_.recorder != nullptr) {
      observers_.recorder->unstarted(arrivals_.at_hand()->intended, now);
    }
  }
  arrivals_.end();
  if (retries_ != nullptr) retries_->close();
  release();
}

}  // namespace millrace::source
