#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/verify_metrics.h"
#include "proof/journal_file.h"
#include "proof/journal_record.h"
#include "proof/stamp_reader.h"
#include "sink/listener.h"
#include "sink/options.h"
#include "sink/verify/run_progress.h"
#include "sink/verify/seen_numbers.h"

namespace millrace::sink {

// What all workers of a sink that verifies have together: the journal of what was taken, what
// stamps are believed by, which messages have come, and what was found so far.
class Verification {
 public:
  static constexpr std::chrono::seconds kInterval{10};  // between lines

  // Makes the journal. `addresses`: ListeningSockets::addresses(). Throws Fatal where it cannot.
  Verification(const VerifyOptions& options, const std::vector<OpenListener>& listeners,
               const std::vector<std::string>& addresses);

  // From any thread.
  [[nodiscard]] proof::JournalFile& journal() { return journal_; }
  [[nodiscard]] SeenNumbers& seen() { return seen_; }
  [[nodiscard]] const proof::StampTrust& trust() const { return trust_; }
  // The index of a listener in the journal.
  [[nodiscard]] std::uint8_t listener(std::string_view name) const;
  // A moment as the journal's records have it.
  [[nodiscard]] proof::Micros time(TimePoint moment) const;
  // The same in microseconds since 1970, by the clock as it was when the journal began.
  [[nodiscard]] std::int64_t on_wall(proof::Micros time) const {
    return journal_.header().start + time.count();
  }

  // From any thread: what it has found since the last time.
  void add(const metrics::VerifyMetrics& found, const RunsProgress& runs);
  // From any thread: records found no room, and their messages are refused. Told once.
  void failed(int error);

  // From any thread: what was found so far, and how far runs have come.
  [[nodiscard]] metrics::VerifyMetrics found_so_far();
  [[nodiscard]] RunsProgress runs_so_far();

  // From one thread: once in kInterval a line on standard error, where there is something new to
  // tell and somebody who reads it. When the next one is due.
  TimePoint tell(TimePoint now);
  // All workers are done: ends the journal in order, and tells the last line. False: the journal
  // could not be ended so, which was told.
  bool finish();
  // What was found, after that.
  [[nodiscard]] metrics::VerifyMetrics& found() { return total_; }

 private:
  proof::StampTrust trust_;
  std::vector<std::string> listeners_;
  proof::JournalFile journal_;
  SeenNumbers seen_;
  std::atomic<bool> told_failure_ = false;
  std::mutex mutex_;  // over the next
  metrics::VerifyMetrics total_;
  RunsProgress runs_;
  TimePoint next_line_;
  std::uint64_t told_ = 0;  // messages in the last line
};

// What the line says.
std::string describe(const metrics::VerifyMetrics& found);

}  // namespace millrace::sink
