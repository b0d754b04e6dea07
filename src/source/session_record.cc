#include "source/session_record.h"

#include <algorithm>
#include <utility>

namespace millrace::source {

void SessionRecord::connecting(TimePoint now) {
  begun_ = now;
  carried_ = 0;
  transactions_.clear();
}

void SessionRecord::connected(TimePoint now) {
  asked_ = now;
  if (recorder_) recorder_->session_opened(asked_ - begun_, asked_);
}

void SessionRecord::secured(Duration took, bool resumed, TimePoint now) {
  asked_ = now;
  if (recorder_) recorder_->secured(took, resumed, asked_);
}

void SessionRecord::ended(TimePoint now) {
  if (recorder_) recorder_->session_ended(begun_, now);
}

void SessionRecord::error(const Trouble& trouble, TimePoint now) {
  if (recorder_) recorder_->error(trouble.kind, trouble.text, now);
}

void SessionRecord::session_failed(const Trouble& trouble, TimePoint now) {
  error(trouble, now);
  if (recorder_) ++recorder_->at(now).counters.sessions_failed;
}

void SessionRecord::take(Arrival arrival, TimePoint now) {
  waiting_ = MessageInFlight{.message = arrival.message,
                             .intended = arrival.intended,
                             .begun = now,
                             .attempt = arrival.attempt,
                             .remains = std::move(arrival.remains)};
  if (recorder_) recorder_->started(*waiting_, now);
}

std::uint64_t SessionRecord::launch(TimePoint now) {
  MessageInFlight in_flight = *std::exchange(waiting_, std::nullopt);
  in_flight.sent = now;
  if (recorder_ && carried_ > 0) recorder_->reused(in_flight);
  ++carried_;
  in_flight_.push_back(std::move(in_flight));
  return in_flight_.back().message;
}

const MessageInFlight& SessionRecord::turned_to(std::uint64_t message) const {
  if (waiting_ && waiting_->message == message) return *waiting_;
  return *std::find_if(in_flight_.begin(), in_flight_.end(),
                       [&](const MessageInFlight& one) { return one.message == message; });
}

std::span<const std::uint32_t> SessionRecord::recipients_left(std::uint64_t message) const {
  return turned_to(message).remains.recipients;
}

TimePoint SessionRecord::intended(std::uint64_t message) const {
  return turned_to(message).intended;
}

MessageInFlight SessionRecord::take_out(std::uint64_t message) {
  if (waiting_ && waiting_->message == message) return *std::exchange(waiting_, std::nullopt);
  const auto place = find(message);
  MessageInFlight in_flight = std::move(*place);
  in_flight_.erase(place);
  return in_flight;
}

void SessionRecord::transaction_begun(TimePoint now) {
  if (recorder_) transactions_.push_back(now);
}

void SessionRecord::replied(const smtp::ClientSession& client, const smtp::PendingCommand& command,
                            const smtp::Reply& reply, smtp::Outcome outcome, TimePoint now) {
  if (!recorder_) return;
  const smtp::Verb verb = command.verb;
  // The transactions are answered one after the other; XFORWARD goes ahead of MAIL.
  const bool first = verb == smtp::Verb::xforward ||
                     (verb == smtp::Verb::mail && answered_ != smtp::Verb::xforward);
  answered_ = verb;
  if (first && !transactions_.empty()) {
    asked_ = transactions_.front();
    transactions_.pop_front();
  }
  const bool open = client.phase() == smtp::ClientSession::DialoguePhase::open;
  const bool of_message = open && verb != smtp::Verb::rset;
  const auto in_flight = of_message ? find(command.message) : in_flight_.end();
  // What follows from an earlier refusal says nothing of the server's pace.
  std::optional<Duration> took;
  if (outcome != smtp::Outcome::tolerated) took = now - asked_;
  const bool content = verb == smtp::Verb::bdat || verb == smtp::Verb::end_of_data;
  const bool known = in_flight != in_flight_.end();
  if (known && content && took) in_flight->content = took;
  recorder_->replied(known ? in_flight->stage : recorder_->stage_of(now), verb, reply, took);
  // The next command goes out now, unless it went with this one; what 354 asks for does in any
  // case. Content is timed as a whole, however many chunks and replies it has.
  const bool goes_with = open && client.pipelines() && verb != smtp::Verb::data;
  if (!goes_with && !content) asked_ = now;
}

void SessionRecord::message_over(std::uint64_t message, std::size_t recipients, TimePoint now) {
  const auto in_flight = find(message);
  if (in_flight == in_flight_.end()) return;
  if (recorder_) recorder_->over(*in_flight, recipients, now);
  in_flight_.erase(in_flight);
}

void SessionRecord::lose(TimePoint now) { end_all(&Recorder::lost, now); }

void SessionRecord::abandon(TimePoint now) { end_all(&Recorder::unfinished, now); }

void SessionRecord::end_all(Fate fate, TimePoint now) {
  if (recorder_) {
    if (waiting_) ((*recorder_).*fate)(*waiting_, now);
    for (const MessageInFlight& in_flight : in_flight_) ((*recorder_).*fate)(in_flight, now);
  }
  waiting_.reset();
  in_flight_.clear();
}

std::vector<MessageInFlight>::iterator SessionRecord::find(std::uint64_t message) {
  return std::find_if(in_flight_.begin(), in_flight_.end(), [&](const MessageInFlight& in_flight) {
    return in_flight.message == message;
  });
}

}  // namespace millrace::source
