#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/time.h"
#include "metrics/end_to_end.h"
#include "proof/journal_follower.h"
#include "proof/journal_format.h"
#include "source/end_to_end_match.h"
#include "source/end_to_end_options.h"
#include "source/shared_load.h"
#include "source/worker_acceptances.h"
#include "threads/signal_watch.h"

namespace millrace::source {

// Throws Fatal where a journal that is there is none of a sink on this host, or is there twice: to
// be asked before anything is made.
void check_sink_journals(const EndToEndOptions& options);

// Follows what becomes of a source's messages behind the server, on a thread of its own, by the
// journals of sinks as they grow. Over several runs, one after the other, with one stamp.
class EndToEndWatch {
 public:
  // Told once of what ends a run: that a journal cannot be read, or more is under way than can be
  // followed, so that nothing is known of what arrives. From any thread, and not to wait for it.
  using Failed = std::function<void(const std::string& what)>;

  // So many messages may be accepted and not have arrived, for which memory is taken (a gigabyte);
  // and so many copies may arrive since the last was accepted, while more may be (a sixth of that).
  static constexpr std::size_t kMostWaiting = 10'000'000;

  // Passes over what the journals have already, which is of no run with this stamp. `sent`: the
  // header of the source's own journal. `signals` must outlive the watch. `most_waiting`: as
  // kMostWaiting. Throws Fatal where a journal is not what it should be, or there is no thread
  // left.
  EndToEndWatch(const EndToEndOptions& options, const proof::JournalHeader& sent, unsigned workers,
                threads::SignalWatch& signals, std::size_t most_waiting = kMostWaiting);
  EndToEndWatch(const EndToEndWatch&) = delete;
  EndToEndWatch& operator=(const EndToEndWatch&) = delete;
  ~EndToEndWatch();

  [[nodiscard]] WorkerAcceptances& of_worker(unsigned number) { return workers_[number]; }

  // A run begins; before it has its start, since this may have to wait for a disk. `failed` is told
  // until let_go().
  void begin(const SharedLoad& load, Failed failed);
  // It has its start, by which its schedule is over at `schedule_end`, TimePoint::max() where that
  // is not by the clock; before its workers go. Waits for nothing.
  void started(TimePoint schedule_end) { schedule_end_ = schedule_end; }
  // Copies that were accepted and are not there yet; nothing where that is not known.
  [[nodiscard]] std::optional<std::uint64_t> waiting() const;

  // All workers are done: waits until all that was accepted is there, for as long as the options
  // say, or until one more signal comes. Nothing where it is not known what arrived: a journal
  // could not be read, has not been begun, or is no longer written while something is missing.
  std::optional<metrics::EndToEnd> finish();
  // The run is gone, whether or not it came to finish().
  void let_go();

 private:
  void follow();
  void look();
  void tell_bounds(TimePoint sure);
  [[nodiscard]] TimePoint load_end(TimePoint over) const;
  void read_journals();
  void tell_unseen();
  void tell_unchecked();
  [[nodiscard]] bool tell_forged() const;
  void wait_for_missing(std::unique_lock<std::mutex>& lock, TimePoint over);
  [[nodiscard]] bool sinks_gone() const;
  [[nodiscard]] std::string why_unknown() const;
  void tell_missing() const;
  void fail(const std::string& what);

  const EndToEndOptions options_;
  threads::SignalWatch& signals_;
  const std::size_t most_waiting_;
  std::deque<WorkerAcceptances> workers_;
  std::atomic<std::uint64_t> waiting_{0};
  std::atomic<bool> well_{true};  // all could be read
  std::atomic<bool> interrupted_{false};
  std::atomic<TimePoint> schedule_end_{TimePoint::max()};
  std::mutex mutex_;  // over all of the following
  std::condition_variable changed_;
  std::deque<proof::JournalFollower> journals_;
  EndToEndMatch match_;
  std::optional<TimePoint> over_;        // by when all workers of the run were done
  std::optional<TimePoint> first_seen_;  // when it was known that the server accepts messages
  bool unseen_told_ = false;
  bool unchecked_told_ = false;
  bool forged_told_ = false;
  std::string why_;  // not well
  Failed failed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace millrace::source
