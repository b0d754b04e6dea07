#include "source/load_model.h"

#include <algorithm>
#include <utility>

#include "source/recorder.h"
#include "source/sender.h"

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
  const auto message =
      sender.started() ? load_.take_message() : load_.first_message(sender.number());
  if (!message) return {};
  return {.when = Next::When::now, .arrival = {.message = *message, .intended = now}};
}

bool ClosedLoop::over(TimePoint now) const {
  return stopped_ || load_.all_taken() || load_.past_end(now);
}

void ClosedLoop::wait(Sender& sender, TimePoint now) {
  parked_.push_back({.until = allowed(sender, now).value_or(now), .sender = &sender});
  std::push_heap(parked_.begin(), parked_.end());
}

std::optional<TimePoint> ClosedLoop::due() const {
  if (parked_.empty()) return std::nullopt;
  return parked_.front().until;
}

void ClosedLoop::dispatch(TimePoint now) {
  while (!parked_.empty() && (stopped_ || parked_.front().until <= now)) {
    Sender& sender = *parked_.front().sender;
    std::pop_heap(parked_.begin(), parked_.end());
    parked_.pop_back();
    sender.go();
  }
}

void ClosedLoop::wind_up(TimePoint now) {
  stopped_ = true;
  dispatch(now);
}

OpenLoop::OpenLoop(const SharedLoad& load, unsigned first, unsigned step, Recorder* recorder)
    : load_(load),
      step_(step),
      recorder_(recorder),
      arrivals_(load.arrivals()),
      available_since_(load.start()) {
  advance(first + 1);
}

// On to the arrival that is so many further. The others are those of other workers.
void OpenLoop::advance(unsigned steps) {
  std::optional<Duration> due;
  for (unsigned i = 0; i < steps; ++i) {
    due = arrivals_.next();
    ++drawn_;
  }
  const std::uint64_t message = drawn_ - 1;
  next_.reset();
  if (!due || message >= load_.messages()) return;
  next_ = Arrival{.message = message, .intended = load_.start() + *due};
}

Next OpenLoop::next(const Sender& /*sender*/, TimePoint now) {
  if (!next_) return {};
  if (next_->intended > now) return {.when = Next::When::soon};
  const Next next{.when = Next::When::now, .arrival = *next_};
  if (recorder_ != nullptr) {
    const bool could_start = dispatching_ || !idle_.empty() || !with_room_.empty();
    recorder_->start_lag(could_start ? now - std::max(next_->intended, available_since_)
                                     : Duration::zero());
  }
  advance(step_);
  return next;
}

void OpenLoop::wait(Sender& sender, TimePoint now) {
  list(idle_, sender, sender.place_in_pool.idle, now);
}

void OpenLoop::has_room(Sender& sender, TimePoint now) {
  if (next_) list(with_room_, sender, sender.place_in_pool.with_room, now);
}

void OpenLoop::list(std::vector<Sender*>& list, Sender& sender, bool& listed, TimePoint now) {
  if (std::exchange(listed, true)) return;
  if (idle_.empty() && with_room_.empty()) available_since_ = now;
  list.push_back(&sender);
}

std::optional<TimePoint> OpenLoop::due() const {
  if (idle_.empty() && with_room_.empty()) return std::nullopt;
  return next_ ? next_->intended : load_.start();  // they wait in vain: tell them now
}

void OpenLoop::dispatch(TimePoint now) {
  while (next_ && next_->intended <= now) {
    Sender* const sender = take_sender();
    if (sender == nullptr) return;
    dispatching_ = true;
    sender->go();
    dispatching_ = false;
  }
  if (!next_) wind_up(now);
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
  for (; next_ && next_->intended <= now; advance(step_)) {
    if (recorder_ != nullptr) recorder_->unstarted(next_->intended, now);
  }
  next_.reset();
  while (Sender* const sender = take_sender()) sender->go();
}

}  // namespace millrace::source
