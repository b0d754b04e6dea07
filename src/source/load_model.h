#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "source/dealt_arrivals.h"
#include "source/message_in_flight.h"
#include "source/retry_queue.h"
#include "source/shared_load.h"

namespace millrace::source {

class Recorder;
class Sender;
class WorkerJournal;

// What a sender that is ready for a message is told.
struct Next {
  enum class When : std::uint8_t {
    now,    // `arrival` is the message
    soon,   // wait, and keep the connection
    later,  // wait without one
    never,
  };

  When when = When::never;
  Arrival arrival = {};
};

// Which sender of a worker begins its next message when. Senders ask; those told to wait are told
// to go on when they should ask again. Where messages come back, the next one may be such a one: a
// model that has a queue of them gives them out, and whoever sends them puts them back.
class LoadModel {
 public:
  virtual ~LoadModel() = default;

  virtual Next next(const Sender& sender, TimePoint now) = 0;
  // The sender was told `soon` or `later`.
  virtual void wait(Sender& sender, TimePoint now) = 0;
  // The sender is busy and could take a further message at once.
  virtual void has_room(Sender& sender, TimePoint now) = 0;
  // Whether nobody is going to be told anything but `never`.
  [[nodiscard]] virtual bool over(TimePoint now) const = 0;

  // When dispatch() has something to do; it lets those that wait go on.
  [[nodiscard]] virtual std::optional<TimePoint> due() const = 0;
  virtual void dispatch(TimePoint now) = 0;

  // Nothing starts any more: all that wait go on, and are told `never`. What was due and has not
  // started has failed.
  virtual void wind_up(TimePoint now) = 0;
};

// Each sender has the next message when it is done with the last one, as long as its number
// is below the schedule's level. A message that comes back goes before a new one, but for the one
// behind it: what comes back at once again and again must not keep all others from being sent. When
// the queue of those is full nothing new begins: senders wait for it, and nothing is shed.
class ClosedLoop final : public LoadModel {
 public:
  // Both must outlive the model; `retries` may be null: nothing comes back.
  explicit ClosedLoop(SharedLoad& load, RetryQueue* retries = nullptr)
      : load_(load), retries_(retries) {}

  Next next(const Sender& sender, TimePoint now) override;
  void wait(Sender& sender, TimePoint now) override;
  void has_room(Sender& /*sender*/, TimePoint /*now*/) override {}
  [[nodiscard]] bool over(TimePoint now) const override;
  [[nodiscard]] std::optional<TimePoint> due() const override;
  void dispatch(TimePoint now) override;
  void wind_up(TimePoint now) override;

 private:
  struct Parked {
    TimePoint until;
    Sender* sender;
    // The earliest is on top of a heap.
    bool operator<(const Parked& other) const { return until > other.until; }
  };

  [[nodiscard]] std::optional<TimePoint> allowed(const Sender& sender, TimePoint now) const;
  [[nodiscard]] bool some_come_back() const { return retries_ != nullptr && retries_->due(); }
  [[nodiscard]] TimePoint idle_until() const;

  SharedLoad& load_;
  RetryQueue* const retries_;
  std::vector<Parked> parked_;  // a heap
  std::vector<Sender*> idle_;   // wait for a message to come back
  bool came_back_ = false;      // the last message that was given out
  bool stopped_ = false;
};

// Messages are due when the schedule says, however slow the server is. A message that finds no
// free sender waits, and the wait counts. Those that come back are on top of the arrivals: what was
// due first goes first. An arrival that finds the queue of those full is shed.
class OpenLoop final : public LoadModel {
 public:
  // Who is told of arrivals that no sender will turn to; may be null.
  struct Observers {
    Recorder* recorder = nullptr;  // of all that begin, too
    WorkerJournal* journal = nullptr;
  };

  // Takes every `step`th arrival from number `first` on, once the load has begun. All must outlive
  // the model; `retries` may be null: nothing comes back.
  OpenLoop(const SharedLoad& load, unsigned first, unsigned step, Observers observers,
           RetryQueue* retries = nullptr);

  Next next(const Sender& sender, TimePoint now) override;
  void wait(Sender& sender, TimePoint now) override;
  void has_room(Sender& sender, TimePoint now) override;
  [[nodiscard]] bool over(TimePoint /*now*/) const override { return !next_due(); }
  [[nodiscard]] std::optional<TimePoint> due() const override;
  void dispatch(TimePoint now) override;
  void wind_up(TimePoint now) override;

 private:
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  Arrival take();
  void shed(TimePoint now);
  void release();
  void list(std::vector<Sender*>& list, Sender& sender, bool& listed, TimePoint now);
  [[nodiscard]] Sender* take_sender();

  const SharedLoad& load_;
  const Observers observers_;
  RetryQueue* const retries_;
  DealtArrivals arrivals_;
  std::vector<Sender*> idle_;  // the one that was busy last is the next
  std::vector<Sender*> with_room_;
  TimePoint available_since_;  // that one of them is not empty
  bool dispatching_ = false;   // the one that asks was listed until now
};

}  // namespace millrace::source
