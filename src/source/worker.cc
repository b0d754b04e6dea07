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
      own_(run.options().engine, !run.options().auth_mechanism.empty()),
      second_timer_(*this),
      end_timer_(*this),
      drain_timer_(*this) {
  for (unsigned number = first; number < run.options().sessions; number += step) {
    sessions_.push_back(std::make_unique<Session>(own_, run, number));
  }
  own_.sessions_left = sessions_.size();
}

void Worker::begin() {
  if (run_.options().measure) own_.recorder.emplace(run_.load().schedule(), run_.load().start());
  if (run_.options().load.open_loop) {
    own_.load_model = std::make_unique<OpenLoop>(run_.load(), first_, step_, recorder());
  } else {
    own_.load_model = std::make_unique<ClosedLoop>(run_.load());
  }
  net::Timers& timers = own_.loop->timers();
  if (own_.recorder) timers.start(second_timer_, run_.load().start() + std::chrono::seconds(1));
  if (run_.load().end() != TimePoint::max()) timers.start(end_timer_, run_.load().end());
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
  own_.loop->begin_turn();
  use_before_ = thread_use();
  // The last is asked first, so that the pool begins with the first.
  const bool pool = run_.options().load.open_loop;
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    sessions_[pool ? sessions_.size() - 1 - i : i]->start();
  }
  while (!stopping_ && own_.sessions_left > 0) {
    own_.loop->turn(own_.load_model->due());
    if (own_.recorder) own_.recorder->turn(own_.loop->away());
    const std::optional<TimePoint> due = own_.load_model->due();
    if (!due) continue;
    own_.loop->update_now();
    if (*due <= own_.loop->now()) own_.load_model->dispatch(own_.loop->now());
  }
}

void Worker::on_timer(net::Timer& timer) {
  if (&timer == &second_timer_) return end_second();
  if (&timer == &end_timer_) return wind_up();
  stop();
}

// What a stalled loop measured over several seconds is told as the first of them.
void Worker::end_second() {
  const TimePoint now = own_.loop->now();
  TimePoint end = run_.load().start() + std::chrono::seconds(seconds_ + 1);
  for (; end <= now; end += std::chrono::seconds(1)) {
    own_.recorder->publish(*run_.timeline(), seconds_++, now, own_.loop->traffic());
  }
  own_.loop->timers().start(second_timer_, end);
}

void Worker::follow_run() {
  if (run_.failed() || run_.interrupts() > 1) return stop();
  if (run_.interrupts() == 0) return;
  own_.loop->update_now();
  // What is due and can start has not been kept waiting.
  own_.load_model->dispatch(own_.loop->now());
  own_.load_model->wind_up(own_.loop->now());
  wind_up();
}

// The end of the schedule, or an interrupt: what is under way may go on for a while. In open loop
// that is also what was due before and has not found a session.
void Worker::wind_up() {
  if (std::exchange(winding_up_, true)) return;
  own_.loop->timers().start(drain_timer_, own_.loop->now() + run_.options().load.drain_limit);
  for (const auto& session : sessions_) session->wind_up();
}

void Worker::stop() {
  if (std::exchange(stopping_, true)) return;
  own_.loop->update_now();
  for (const auto& session : sessions_) session->abandon();
  own_.load_model->wind_up(own_.loop->now());
}

void Worker::finish() {
  if (!own_.recorder) return;
  const ThreadUse use = thread_use();
  const double all = std::max(in_seconds(Clock::now() - run_.load().start()), 1e-9);
  metrics::Generator& generator = own_.recorder->generator();
  generator.busy.push_back(std::min(in_seconds(use.busy - use_before_.busy) / all, 1.0));
  generator.run_delay.push_back(
      std::min(in_seconds(use.run_delay - use_before_.run_delay) / all, 1.0));
  own_.recorder->publish(*run_.timeline(), seconds_++, own_.loop->now(), own_.loop->traffic());
  run_.timeline()->leave(seconds_);
}

}  // namespace millrace::source
