#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "metrics/verify_metrics.h"
#include "net/event_loop.h"
#include "net/timers.h"
#include "proof/journal_writer.h"
#include "sink/verify/message_check.h"
#include "sink/verify/verification.h"

namespace millrace::sink {

class VerifyObserver;

// What one worker thread verifies. Records of all messages that a turn of the loop completes go to
// the journal together, before any of them is answered: write() and decide(). Allocates only where
// more messages than ever come in at once.
class Verifier final : private net::TimerHandler {
 public:
  // Both must outlive this. `settle`: has what waits decided amid a turn.
  Verifier(Verification& shared, net::EventLoop& loop, std::function<void()> settle);

  // To read a content with, and back again.
  std::unique_ptr<MessageCheck> lend();
  void give_back(std::unique_ptr<MessageCheck> check) { idle_.push_back(std::move(check)); }

  // Where records of a message begin, so many. All of them go to the journal in one piece, as far
  // as a block has room for them, and none before write().
  void begin(std::size_t records);
  // One of them. Sets its time, which is that of its message and of no other: by it those of one
  // transaction are known.
  void add(proof::TakenRecord& record);
  // The index of a run. False: there is no room for it, or no number, and no messages of it are
  // taken.
  bool run_index(const proof::RunId& run, std::uint8_t& index);
  // That were all: `observer` is told by decided() whether they are on record, by
  // decide().
  void await(VerifyObserver& observer) { undecided_.push_back(&observer); }
  // It is no longer to be told.
  void forget(VerifyObserver& observer) { std::erase(undecided_, &observer); }
  // Whether there is anything to write or to tell.
  [[nodiscard]] bool waiting() const {
    return writer_.waiting() > 0 || !apart_.empty() || !undecided_.empty();
  }

  // Writes what there is; or forgets it where its messages are refused. Returns whether it is in
  // the journal.
  bool write(bool keep);
  // Tells whose it was.
  void decide(bool kept);

  // A message was taken for so many recipients. `told_apart`: none of them is the first of its
  // message, so that another copy of it may be for others. `run`: its index.
  void count(const Found& found, std::uint8_t run, std::size_t recipients, bool told_apart);
  void count_unrecorded();

  // The thread is done, or somebody asks: gives what it has counted since the last second.
  void finish();

  [[nodiscard]] const Verification& shared() const { return shared_; }

 private:
  void on_timer(net::Timer& timer) override;
  void counted();

  Verification& shared_;
  net::EventLoop& loop_;
  std::function<void()> settle_;
  proof::JournalWriter writer_;
  std::size_t begun_ = 0;                  // records of the message that begin() was called for
  proof::Micros taken_{};                  // when that came
  std::vector<proof::TakenRecord> apart_;  // of one for which no block has room
  std::vector<std::unique_ptr<MessageCheck>> idle_;
  std::vector<VerifyObserver*> undecided_;
  metrics::VerifyMetrics interval_;  // since the last time that it was given, as the next
  RunsProgress runs_;
  bool counting_ = false;  // there is something in it, and the timer runs
  net::Timer timer_;
};

}  // namespace millrace::sink
