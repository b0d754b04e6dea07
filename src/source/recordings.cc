#include "source/recordings.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/quantity.h"

namespace millrace::source {

using metrics::Ending;
using std::chrono::seconds;

Recordings::Recordings(const Run& run)
    : run_(run),
      timeline_(run.options().threads, metrics::Timeline::Idle::kept),
      stages_(run.load().schedule().stages().size()) {}

void Recordings::add(Recorder& recorder, SplitRecorder* splits) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < stages_.size(); ++i) stages_[i].add(recorder.stages()[i]);
  generator_.add(recorder.generator());
  completions_.add(recorder.completions());
  if (splits != nullptr) {
    if (!splits_)
      splits_.emplace(run_.workload(), run_.load(), run_.options().load.retry.has_value());
    splits_->take(*splits);
  }
  last_over_ = std::max(last_over_, recorder.last_over());
}

void Recordings::add(const std::vector<metrics::ClientMetrics>& clients, TimePoint over) {
  const std::lock_guard lock(mutex_);
  metrics::add_clients(clients_, clients);
  if (run_.options().sessions == 0) last_over_ = std::max(last_over_, over);
}

metrics::Measurement Recordings::measurement(std::chrono::system_clock::time_point start,
                                             bool interrupted) {
  metrics::Measurement whole;
  whole.start = start;
  whole.open_loop = run_.options().load.open_loop;
  whole.generator = generator_;
  whole.clients = std::move(clients_);
  whole.ending = run_.failed() ? Ending::failed
                 : interrupted ? Ending::interrupted
                               : Ending::completed;
  split(whole);
  if (splits_) splits_->tell(whole);
  whole.elapsed = elapsed(whole.ending);
  whole.measured = whole.elapsed;
  for (const Stage& stage : run_.load().schedule().stages()) {
    if (!stage.measured) whole.measured -= std::min(stage.length, whole.measured);
  }
  whole.series = timeline_.rows();
  for (metrics::Row& row : whole.series) complete(row, whole.elapsed);
  metrics::fold_tail(whole.series);
  return whole;
}

// Until the last message was over; but a schedule that ran to its end lasted at least as long.
Duration Recordings::elapsed(Ending ending) const {
  std::uint64_t started = 0;
  for (const metrics::Metrics& stage : stages_) started += stage.counters.started;
  // A thread that failed before the start has told nothing.
  const Duration until_last = std::max(last_over_ - run_.load().start(), Duration::zero());
  // Where no client is good there are no messages: the last connection is what lasts.
  const SourceOptions& options = run_.options();
  const bool cut_short = ending != Ending::completed ||
                         started >= options.part.share(options.messages) || options.sessions == 0;
  if (cut_short || run_.load().end() == TimePoint::max()) return until_last;
  return std::max(until_last, run_.load().schedule().end());
}

void Recordings::split(metrics::Measurement& whole) {
  const Schedule& schedule = run_.load().schedule();
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = schedule.stages()[i];
    if (!stage.measured) {
      whole.warmup.add(stages_[i].counters);
      continue;
    }
    whole.total.add(stages_[i]);
    whole.stages.push_back({.name = stage.name,
                            .begin = schedule.begin_of(i),
                            .length = stage.length,
                            .metrics = std::move(stages_[i])});
  }
}

void Recordings::complete(metrics::Row& row, Duration elapsed) const {
  const Duration begin = seconds(row.number);
  const Duration end = std::min<Duration>(begin + seconds(1), elapsed);
  row.length = in_seconds(end - begin);
  const Schedule& schedule = run_.load().schedule();
  row.stage = schedule.stages()[schedule.stage_at(begin + (end - begin) / 2)].name;
  if (!run_.options().load.open_loop || row.length <= 0) return;
  row.asked = (schedule.sum_until(end) - schedule.sum_until(begin)) / run_.options().part.of;
}

}  // namespace millrace::source
