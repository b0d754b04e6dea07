#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "base/output.h"
#include "base/record_ring.h"
#include "metrics/measurement.h"
#include "source/delivery.h"
#include "source/log_file.h"
#include "source/log_lines.h"

namespace millrace::source {

// Where a log goes, and how it is written.
struct LogTarget {
  std::string path;  // "-": standard output
  LogForm form = LogForm::json;
};

// A line a message and attempt, in a file. Workers only pack what they know, each into a ring of
// its own; a thread writes it out. When the file is slower than the run, a ring is full: its lines
// are dropped and counted, and no worker waits.
class MessageLog {
 public:
  // How much of each worker waits for the thread, in bytes: tens of thousands of messages, or one
  // for 50,000 recipients. What is longer than that is dropped.
  static constexpr std::size_t kRingBytes = std::size_t{8} << 20U;

  // Opens the file and starts the thread. Throws Fatal.
  MessageLog(const LogTarget& target, unsigned workers, std::size_t ring_bytes = kRingBytes);
  MessageLog(const MessageLog&) = delete;
  MessageLog& operator=(const MessageLog&) = delete;
  ~MessageLog() { finish(); }

  // What the worker of this number, from 0, tells of its messages.
  [[nodiscard]] DeliveryObserver& of_worker(unsigned number) { return workers_[number]; }

  // No worker has anything more to tell: completes the file, and warns of what was dropped. Once;
  // afterwards it returns the same again.
  metrics::LogTotals finish();

 private:
  class WorkerLines final : public DeliveryObserver {
   public:
    explicit WorkerLines(std::size_t ring_bytes) : ring_(ring_bytes) {}

    void delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                   TimePoint now) override;

    [[nodiscard]] RecordRing& ring() { return ring_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

   private:
    RecordRing ring_;
    Output record_;
    std::uint64_t dropped_ = 0;
  };

  void serve();
  bool write_what_is_there();
  void write_block();

  LogFile file_;
  LogLines lines_;
  std::deque<WorkerLines> workers_;
  std::string records_;       // from a ring
  std::string block_;         // to be written
  std::size_t in_block_ = 0;  // lines
  metrics::LogTotals totals_;
  std::mutex mutex_;  // of the next
  bool finishing_ = false;
  std::condition_variable finish_asked_;
  std::thread thread_;
};

}  // namespace millrace::source
