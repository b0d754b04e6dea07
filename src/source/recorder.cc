#include "source/recorder.h"

#include <array>
#include <optional>

namespace millrace::source {
namespace {

using metrics::LatencyPhase;

// Later than this after it could have started, an arrival is late.
constexpr std::chrono::milliseconds kLate{1};

// Which phase a reply ends.
constexpr std::optional<LatencyPhase> phase_of(smtp::Verb verb) {
  switch (verb) {
    case smtp::Verb::connect:
      return LatencyPhase::banner;
    case smtp::Verb::helo:
    case smtp::Verb::ehlo:
    case smtp::Verb::lhlo:
      return LatencyPhase::ehlo;
    case smtp::Verb::auth:
      return LatencyPhase::auth;
    case smtp::Verb::mail:
      return LatencyPhase::mail;
    case smtp::Verb::rcpt:
      return LatencyPhase::rcpt;
    case smtp::Verb::data:
      return LatencyPhase::data;
    default:  // content has many replies, and is timed with its message
      return std::nullopt;
  }
}

TimePoint end_of(const Schedule& schedule, std::size_t stage, TimePoint start) {
  const Stage& which = schedule.stages()[stage];
  if (stage + 1 == schedule.stages().size()) return TimePoint::max();
  return start + schedule.begin_of(stage) + which.length;
}

}  // namespace

Recorder::Recorder(const Schedule& schedule, TimePoint start, SplitRecorder* splits)
    : schedule_(schedule),
      start_(start),
      splits_(splits),
      stages_(schedule.stages().size()),
      current_end_(end_of(schedule, 0, start)),
      last_over_(start) {}

metrics::Metrics& Recorder::at(TimePoint now) {
  while (now >= current_end_) current_end_ = end_of(schedule_, ++current_, start_);
  return stages_[current_];
}

std::size_t Recorder::stage_of(TimePoint at) const {
  return stages_.size() == 1 ? 0 : schedule_.stage_at(at - start_);
}

void Recorder::started(MessageInFlight& in_flight, TimePoint now) {
  at(now);
  in_flight.stage = stage_of(in_flight.intended);
  ++in_flight_;
  if (schedule_.stages()[in_flight.stage].measured) ++measured_in_flight_;
  metrics::Counters& counters = stages_[in_flight.stage].counters;
  ++(in_flight.attempt == 1 ? counters.started : counters.retries);
  if (in_flight.attempt > 1) --waiting_;
}

void Recorder::start_lag(TimePoint intended, Duration lag) {
  if (!schedule_.stages()[stage_of(intended)].measured) return;
  generator_.start_lag.record(lag);
  if (lag > kLate) ++generator_.late_starts;
}

void Recorder::turn(Duration away) {
  generator_.loop_lag.record(away);
  if (under_way_ > 0) generator_.held_up.record(away, under_way_);
}

void Recorder::replied(std::size_t stage, smtp::Verb verb, const smtp::Reply& reply,
                       std::optional<Duration> took) {
  metrics::Metrics& metrics = stages_[stage];
  const auto phase = phase_of(verb);
  if (phase && took) metrics[*phase].record(*took);
  metrics.replies.count(smtp::index(verb), reply.code, reply.text);
}

void Recorder::over(const MessageInFlight& in_flight, std::size_t recipients, TimePoint now) {
  attempt_over(in_flight, {.recipients = recipients}, now);
  end(in_flight, recipients, &metrics::Counters::refused, now);
}

void Recorder::given_up(const MessageInFlight& in_flight, const Attempt& attempt, std::size_t left,
                        TimePoint now) {
  attempt_over(in_flight, attempt, now);
  stages_[in_flight.stage].counters.recipients_given_up += left;
  end(in_flight, attempt.recipients, &metrics::Counters::given_up, now);
}

void Recorder::ended(const MessageInFlight& in_flight) {
  --in_flight_;
  if (schedule_.stages()[in_flight.stage].measured) --measured_in_flight_;
}

// An attempt that the server may have, or has, taken behind another of which nobody knows makes a
// duplicate of the message, perhaps.
void Recorder::attempt_over(const MessageInFlight& in_flight, const Attempt& attempt,
                            TimePoint now) {
  ended(in_flight);
  last_over_ = now;
  metrics::Metrics& metrics = stages_[in_flight.stage];
  if (in_flight.content) metrics[LatencyPhase::content].record(*in_flight.content);
  if (attempt.in_doubt) {
    ++metrics.counters.in_doubt;
    if (splits_ != nullptr) splits_->in_doubt(in_flight.message, in_flight.intended);
  }
  const bool perhaps_taken = attempt.in_doubt || attempt.recipients > 0;
  if (perhaps_taken && in_flight.remains.in_doubt) ++metrics.counters.possible_duplicates;
  if (attempt.recipients == 0) return;
  metrics[LatencyPhase::transaction].record(now - in_flight.sent);
  metrics.service.record(now - in_flight.begun);
  metrics.counters.recipients += attempt.recipients;
}

// Nothing comes back of the message. It was delivered when the server took it last, for whichever
// recipients; where it never did, `otherwise` counts it.
void Recorder::end(const MessageInFlight& in_flight, std::size_t recipients,
                   std::uint64_t metrics::Counters::*otherwise, TimePoint now) {
  metrics::Metrics& metrics = stages_[in_flight.stage];
  metrics.count_attempts(in_flight.attempt);
  const std::optional<TimePoint> taken = recipients > 0 ? now : in_flight.remains.taken;
  if (!taken) return failed(in_flight.message, in_flight.intended, otherwise, now);
  delivered(in_flight.message, in_flight.intended, *taken);
}

void Recorder::delivered(std::uint64_t message, TimePoint intended, TimePoint taken) {
  metrics::Metrics& metrics = stages_[stage_of(intended)];
  metrics.intended.record(taken - intended);
  interval_.intended.record(taken - intended);
  ++metrics.counters.delivered;
  completed(intended, taken);
  if (splits_ != nullptr) splits_->taken(message, intended, taken);
}

// The run is over for the message, before it was for all of its recipients: it was delivered where
// the server has taken it for any.
void Recorder::broken_off(std::uint64_t message, TimePoint intended, const Remains& remains,
                          std::uint64_t metrics::Counters::*otherwise, TimePoint now) {
  if (!remains.taken) return failed(message, intended, otherwise, now);
  stages_[stage_of(intended)].counters.recipients_given_up += remains.recipients.size();
  delivered(message, intended, *remains.taken);
}

void Recorder::lost(const MessageInFlight& in_flight, TimePoint now) {
  ended(in_flight);
  failed(in_flight.message, in_flight.intended, &metrics::Counters::lost, now);
}

void Recorder::unfinished(const MessageInFlight& in_flight, TimePoint now) {
  ended(in_flight);
  broken_off(in_flight.message, in_flight.intended, in_flight.remains,
             &metrics::Counters::unfinished, now);
}

void Recorder::unstarted(TimePoint intended, TimePoint now) {
  missed(intended, &metrics::Counters::unstarted, now);
}

void Recorder::waiting(const Arrival& arrival, TimePoint now) {
  broken_off(arrival.message, arrival.intended, arrival.remains, &metrics::Counters::waiting, now);
}

void Recorder::shed(TimePoint intended, TimePoint now) {
  missed(intended, &metrics::Counters::shed, now);
}

void Recorder::failed(std::uint64_t message, TimePoint intended,
                      std::uint64_t metrics::Counters::*counter, TimePoint now) {
  if (splits_ != nullptr) splits_->failed(message, intended, counter);
  missed(intended, counter, now);
}

void Recorder::missed(TimePoint intended, std::uint64_t metrics::Counters::*counter,
                      TimePoint now) {
  metrics::Metrics& metrics = stages_[stage_of(intended)];
  ++(metrics.counters.*counter);
  metrics.failed.record(now - intended);
  completed(intended, now);
  last_over_ = now;
}

void Recorder::completed(TimePoint intended, TimePoint at) {
  const bool in_warmup = !schedule_.stages()[stage_of(intended)].measured;
  if (at - start_ >= schedule_.end()) {
    completions_.outlasted += in_warmup ? 1 : 0;
  } else if (schedule_.stages()[stage_of(at)].measured) {
    ++completions_.in_time;
  }
}

void Recorder::error(metrics::Error kind, std::string_view text, TimePoint now) {
  at(now).count_error(kind, text);
  interval_.latest_error = text;
}

void Recorder::session_opened(Duration took, TimePoint now) {
  metrics::Metrics& metrics = at(now);
  ++metrics.counters.sessions_opened;
  metrics[LatencyPhase::connect].record(took);
  ++sessions_open_;
}

void Recorder::secured(Duration took, bool resumed, TimePoint now) {
  metrics::Metrics& metrics = at(now);
  metrics[LatencyPhase::tls].record(took);
  ++metrics.counters.tls_handshakes;
  if (resumed) ++metrics.counters.tls_resumed;
}

void Recorder::session_ended(TimePoint begun, TimePoint now) {
  at(now)[LatencyPhase::session].record(now - begun);
  --sessions_open_;
}

metrics::ThreadInterval& Recorder::complete_interval(net::Traffic moved, TimePoint now) {
  metrics::Counters& counters = at(now).counters;
  counters.bytes_sent += moved.sent;
  counters.bytes_received += moved.received;

  metrics::Counters totals;
  metrics::ErrorTimes errors{};
  for (const metrics::Metrics& metrics : stages_) {
    totals.add(metrics.counters);
    metrics::add_times(metrics.errors, errors);
  }
  interval_.sessions_open = sessions_open_;
  interval_.in_flight = in_flight_;
  interval_.waiting = waiting_;
  meter_.complete(interval_, totals, errors);
  return interval_;
}

}  // namespace millrace::source
