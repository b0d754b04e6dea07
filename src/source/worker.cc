#include "source/worker.h"

#include <algorithm>
#include <utility>

#include "base/diagnostics.h"
#include "base/quantity.h"

namespace millrace::source {

Worker::Worker(Run& run, unsigned first, unsigned step)
    : run_(run),
      first_(first),
      step_(step),
      loop_(net::EventLoop::make(run.options().engine)),
      sasl_(sasl::open_library_if(!run.options().auth_mechanism.empty())),
      second_timer_(*this),
      end_timer_(*this),
      drain_timer_(*this) {
  for (unsigned number = first; number < run.options().sessions; number += step) {
    sessions_.push_back(std::make_unique<Session>(*this, run, number));
  }
  sessions_left_ = sessions_.size();
}

void Worker::begin() {
  if (run_.options().measure) recorder_.emplace(run_.schedule(), run_.start());
  if (run_.options().load.open_loop) {
    load_model_ = std::make_unique<OpenLoop>(run_, first_, step_, recorder());
  } else {
    load_model_ = std::make_unique<ClosedLoop>(run_);
  }
  net::Timers& timers = loop_->timers();
  if (recorder_) timers.start(second_timer_, run_.start() + std::chrono::seconds(1));
  if (run_.end() != TimePoint::max()) timers.start(end_timer_, run_.end());
}

// A loop that fails ends the run; what was measured stays.
void Worker::run() {
  try {
    work();
  } catch (const Fatal& error) {
    run_.fail(error.what());
    stop();
  }
  finish();
}

void Worker::work() {
  loop_->begin_turn();
  use_before_ = thread_use();
  // The last is asked first, so that the pool begins with the first.
  const bool pool = run_.options().load.open_loop;
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    sessions_[pool ? sessions_.size() - 1 - i : i]->start();
  }
  while (!stopping_ && sessions_left_ > 0) {
    loop_->turn(load_model_->due());
    if (recorder_) recorder_->turn(loop_->away());
    const std::optional<TimePoint> due = load_model_->due();
    if (!due) continue;
    loop_->update_now();
    if (*due <= loop_->now()) load_model_->dispatch(loop_->now());
  }
}

void Worker::on_timer(net::Timer& timer) {
  if (&timer == &second_timer_) return end_second();
  if (&timer == &end_timer_) return wind_up();
  stop();
}

// What a stalled loop measured over several seconds is told as the first of them.
void Worker::end_second() {
  const TimePoint now = loop_->now();
  TimePoint end = run_.start() + std::chrono::seconds(seconds_ + 1);
  for (; end <= now; end += std::chrono::seconds(1)) {
    recorder_->publish(*run_.timeline(), seconds_++, *loop_);
  }
  loop_->timers().start(second_timer_, end);
}

void Worker::follow_run() {
  if (run_.failed() || run_.interrupts() > 1) return stop();
  if (run_.interrupts() == 0) return;
  loop_->update_now();
  load_model_->dispatch(loop_->now());  // what is due and can start has not been kept waiting
  load_model_->wind_up(loop_->now());
  wind_up();
}

// The end of the schedule, or an interrupt: what is under way may go on for a while. In open loop
// that is also what was due before and has not found a session.
void Worker::wind_up() {
  if (std::exchange(winding_up_, true)) return;
  loop_->timers().start(drain_timer_, loop_->now() + run_.options().load.drain_limit);
  for (const auto& session : sessions_) session->wind_up();
}

void Worker::stop() {
  if (std::exchange(stopping_, true)) return;
  loop_->update_now();
  for (const auto& session : sessions_) session->abandon();
  load_model_->wind_up(loop_->now());
}

void Worker::finish() {
  if (!recorder_) return;
  const ThreadUse use = thread_use();
  const double all = std::max(in_seconds(Clock::now() - run_.start()), 1e-9);
  metrics::Generator& generator = recorder_->generator();
  generator.busy.push_back(std::min(in_seconds(use.busy - use_before_.busy) / all, 1.0));
  generator.run_delay.push_back(
      std::min(in_seconds(use.run_delay - use_before_.run_delay) / all, 1.0));
  recorder_->publish(*run_.timeline(), seconds_++, *loop_);
  run_.timeline()->leave(seconds_);
}

}  // namespace millrace::source
