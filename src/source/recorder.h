#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "metrics/measurement.h"
#include "metrics/timeline.h"
#include "net/traffic.h"
#include "smtp/client_plan.h"
#include "source/message_in_flight.h"
#include "source/schedule.h"
#include "source/split_recorder.h"

namespace millrace::source {

// Messages by when they were over, where all else goes by when they were due.
struct Completions {
  std::uint64_t in_time = 0;    // in stages that are measured
  std::uint64_t outlasted = 0;  // behind the end of the schedule, and due in a warm-up

  void add(const Completions& other) {
    in_time += other.in_time;
    outlasted += other.outlasted;
  }
};

// What one thread measures. Times are those at which the loop's turns begin: at least what the
// server took, and no clock is read for them. (A connection may be there before a loop that is
// late learns of it: then connect is longer, and banner as much shorter.)
class Recorder {
 public:
  // All must outlive the recorder. `start`: of the run. `splits`: null where nothing is split.
  Recorder(const Schedule& schedule, TimePoint start, SplitRecorder* splits = nullptr);

  // What is measured at `now`, which never goes back.
  metrics::Metrics& at(TimePoint now);

  // The stage of the schedule at a moment.
  [[nodiscard]] std::size_t stage_of(TimePoint at) const;

  // A session turned to the message, for the first time or again.
  void started(MessageInFlight& in_flight, TimePoint now);
  // The message goes out on a connection that has carried another.
  void reused(const MessageInFlight& in_flight) {
    ++stages_[in_flight.stage].counters.sessions_reused;
  }
  // An arrival that was due at `intended` was taken up so much later than it could have been.
  void start_lag(TimePoint intended, Duration lag);

  // A reply came to `verb`, in a stage of the schedule. `took`: since that was sent, where this
  // says how quick the server is.
  void replied(std::size_t stage, smtp::Verb verb, const smtp::Reply& reply,
               std::optional<Duration> took);

  // What became of the message in this attempt, which is the last: taken for so many recipients
  // (none, and none earlier: refused), lost with its session, or given up when the run was stopped.
  void over(const MessageInFlight& in_flight, std::size_t recipients, TimePoint now);
  void lost(const MessageInFlight& in_flight, TimePoint now);
  void unfinished(const MessageInFlight& in_flight, TimePoint now);
  // The same of an attempt after which the message is to come back: it waits for that, or is given
  // up for the `left` of its recipients.
  struct Attempt {
    std::size_t recipients = 0;  // that it was taken for
    bool in_doubt = false;       // all content was sent, neither yes nor no came (RFC 1047)
  };
  void put_back(const MessageInFlight& in_flight, const Attempt& attempt, TimePoint now) {
    attempt_over(in_flight, attempt, now);
    ++waiting_;
  }
  void given_up(const MessageInFlight& in_flight, const Attempt& attempt, std::size_t left,
                TimePoint now);
  // At the end of the run a message still waits for its next attempt.
  void waiting(const Arrival& arrival, TimePoint now);
  // A message was due, no session has turned to it, and none will: also because too many wait for
  // another attempt.
  void unstarted(TimePoint intended, TimePoint now);
  void shed(TimePoint intended, TimePoint now);

  void error(metrics::Error kind, std::string_view text, TimePoint now);
  void session_opened(Duration took, TimePoint now);
  void secured(Duration took, bool resumed, TimePoint now);
  void session_ended(TimePoint begun, TimePoint now);

  // A turn of the loop begins: what is under way was kept waiting by what came before it.
  void begin_turn() { under_way_ = measured_in_flight_; }
  // It is over: how long the one before it was away.
  void turn(Duration away);

  // Completes what was measured since the last call, in which the loop moved so many bytes; to be
  // cleared by whoever takes it.
  metrics::ThreadInterval& complete_interval(net::Traffic moved, TimePoint now);

  // When the last message was over; the start of the run when none was.
  [[nodiscard]] TimePoint last_over() const { return last_over_; }

  // What is left at the end.
  [[nodiscard]] const std::vector<metrics::Metrics>& stages() const { return stages_; }
  [[nodiscard]] metrics::Generator& generator() { return generator_; }
  [[nodiscard]] const Completions& completions() const { return completions_; }

 private:
  void ended(const MessageInFlight& in_flight);
  void attempt_over(const MessageInFlight& in_flight, const Attempt& attempt, TimePoint now);
  void end(const MessageInFlight& in_flight, std::size_t recipients,
           std::uint64_t metrics::Counters::*otherwise, TimePoint now);
  void delivered(std::uint64_t message, TimePoint intended, TimePoint taken);
  void broken_off(std::uint64_t message, TimePoint intended, const Remains& remains,
                  std::uint64_t metrics::Counters::*otherwise, TimePoint now);
  void failed(std::uint64_t message, TimePoint intended, std::uint64_t metrics::Counters::*counter,
              TimePoint now);
  void missed(TimePoint intended, std::uint64_t metrics::Counters::*counter, TimePoint now);
  void completed(TimePoint intended, TimePoint at);

  const Schedule& schedule_;
  const TimePoint start_;
  SplitRecorder* const splits_;
  std::vector<metrics::Metrics> stages_;
  std::size_t current_ = 0;
  TimePoint current_end_;
  metrics::ThreadInterval interval_;  // of this second, but for what the meter completes
  metrics::IntervalMeter meter_;
  metrics::Generator generator_;
  Completions completions_;
  std::uint64_t sessions_open_ = 0;
  std::uint64_t in_flight_ = 0;
  std::uint64_t measured_in_flight_ = 0;  // of those, in stages that are measured
  std::uint64_t under_way_ = 0;           // the same, when the turn began
  std::uint64_t waiting_ = 0;
  TimePoint last_over_;
};

}  // namespace millrace::source
