#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "metrics/end_to_end.h"
#include "proof/journal_follower.h"
#include "proof/journal_format.h"
#include "source/delivery.h"
#include "source/end_to_end_match.h"
#include "source/end_to_end_options.h"
#include "source/shared_load.h"
#include "threads/signal_watch.h"

namespace millrace::source {

// What one worker tells of what the server accepts. Another thread takes it now and then.
class WorkerAcceptances final : public DeliveryObserver {
 public:
  // Of the run that begins: before its workers go. The load must outlive the run.
  void begin(const SharedLoad& load) { load_ = &load; }

  void delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                 TimePoint now) override;

  // All since the last time; what was there of `copies` is gone.
  void take(std::vector<AcceptedCopies>& copies);

 private:
  const SharedLoad* load_ = nullptr;
  std::mutex mutex_;
  std::vector<AcceptedCopies> copies_;
};

// Follows what becomes of a source's messages behind the server, on a thread of its own, by the
// journals of sinks as they grow. Over several runs, one after the other, with one stamp.
class EndToEndWatch {
 public:
  // `sent`: the header of the source's own journal. Throws Fatal where a journal that is there is
  // none of a sink on this host.
  EndToEndWatch(const EndToEndOptions& options, const proof::JournalHeader& sent, unsigned workers);
  EndToEndWatch(const EndToEndWatch&) = delete;
  EndToEndWatch& operator=(const EndToEndWatch&) = delete;
  ~EndToEndWatch();

  [[nodiscard]] WorkerAcceptances& of_worker(unsigned number) { return workers_[number]; }

  // A run begins, which has its start; before its workers go.
  void begin(const SharedLoad& load);
  // Copies that were accepted and are not there yet.
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }

  // All workers are done: waits until all that was accepted is there, for as long as the options
  // say, or until one more signal comes.
  metrics::EndToEnd finish(threads::SignalWatch& signals);

  // Whether all could be read so far; what could not was told.
  [[nodiscard]] bool well() const { return well_; }

 private:
  void follow();
  void look();
  void read_journals();
  void check_apart() const;
  void failed(const std::string& what);

  const EndToEndOptions options_;
  std::deque<WorkerAcceptances> workers_;
  std::mutex mutex_;  // over all of the following but atomics
  std::condition_variable changed_;
  std::deque<proof::JournalFollower> journals_;
  EndToEndMatch match_;
  std::vector<AcceptedCopies> copies_;  // storage
  bool ended_ = false;
  std::atomic<std::uint64_t> waiting_{0};
  std::atomic<bool> well_{true};
  std::thread thread_;
};

}  // namespace millrace::source
