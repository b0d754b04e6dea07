#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "mail/workload.h"
#include "metrics/measurement.h"
#include "proof/journal_file.h"
#include "proof/journal_writer.h"
#include "source/dealt_arrivals.h"
#include "source/delivery.h"
#include "source/journal_names.h"
#include "source/message_in_flight.h"
#include "source/recipient_domain.h"
#include "source/stamps.h"

namespace millrace::source {

class SentJournal;

// What one worker tells the run's journal: of each message, for each recipient, what became of it
// in an attempt that is over. Records gather and go to the file together; no worker waits for
// another but for that.
class WorkerJournal final : public DeliveryObserver {
 public:
  // How long records may wait for flush().
  static constexpr std::chrono::seconds kInterval{1};

  explicit WorkerJournal(SentJournal& journal);

  void delivered(const Delivery& delivery, const smtp::MessageSource& messages,
                 TimePoint now) override;

  // No session will turn to a message that was due.
  void never_begun(const Arrival& arrival, TimePoint now);
  // Nor will one to any of those that are due. There may be millions of them: they are remembered,
  // and told by tell_left().
  void leave_for_later(const DealtArrivals& arrivals, TimePoint now);
  // Tells of more of these, message by message, until there are so many records; whether some are
  // left.
  bool tell_left(std::uint64_t records);

  // The run is over: what was left and is not told is lost, and nothing of its load is used again.
  void end_run();

  // Puts what there is into the file.
  void flush();
  // No more is told: what is still here is lost.
  void finish();

  [[nodiscard]] std::uint64_t told() const { return told_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  // Arrivals of which those that are due by then have not been told.
  struct Left {
    DealtArrivals arrivals;
    TimePoint by;
    [[nodiscard]] bool any() const { return arrivals.due(by); }
  };

  [[nodiscard]] const smtp::MessageSource& messages();
  void add(proof::SentRecord& record, std::size_t recipient, std::string_view text);
  [[nodiscard]] std::uint8_t kind_of(const Delivery& delivery);
  [[nodiscard]] std::uint16_t domain_of(const Delivery& delivery, std::size_t place,
                                        const smtp::MessageSource& messages);

  SentJournal& journal_;
  proof::JournalWriter writer_;
  KnownJournalNames kinds_;
  KnownJournalNames domains_;
  RecipientDomain domain_;
  std::optional<std::uint16_t> only_domain_;       // where all recipients have one
  std::unique_ptr<smtp::MessageSource> messages_;  // of those that were never begun
  Delivery never_begun_;                           // the last of these
  std::optional<Left> left_;
  std::uint64_t told_ = 0;  // records
  std::uint64_t lost_ = 0;  // of these: the file took them not
};

// The journal of a run (doc/proof.md): what became of every message that it stamped. A file that
// takes no more costs records, which are counted, and ends no run; the journal is closed in order
// only where it has them all.
class SentJournal {
 public:
  // Makes the file. `workload` must outlive the journal. `lmtp`: each recipient has a reply of its
  // own to the end of a message. Throws Fatal.
  SentJournal(const StampOptions& options, const mail::Workload& workload, bool lmtp,
              unsigned workers);
  SentJournal(const SentJournal&) = delete;
  SentJournal& operator=(const SentJournal&) = delete;

  // What the messages are to be stamped by.
  [[nodiscard]] Stamps& stamps() { return stamps_; }
  // What the worker of this number, from 0, tells.
  [[nodiscard]] WorkerJournal& of_worker(unsigned number) { return workers_[number]; }

  // No worker has anything more to tell: closes the file, or says what it lacks. Once.
  metrics::JournalTotals finish();
  // Whether it was closed in order.
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  friend class WorkerJournal;

  void failed(int error);

  Stamps stamps_;
  const mail::Workload& workload_;
  const bool one_domain_;
  const bool lmtp_;
  proof::JournalFile file_;
  JournalNames kinds_;
  JournalNames domains_;
  std::atomic<int> error_{0};  // an errno value: the first that the file had
  std::deque<WorkerJournal> workers_;
  bool whole_ = false;
};

}  // namespace millrace::source
