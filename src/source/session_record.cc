#include "source/session_record.h"

#include <algorithm>
#include <utility>

#include "source/recorder.h"
#include "source/worker.h"

namespace millrace::source {

Recorder* SessionRecord::recorder() const { return worker_.recorder(); }

TimePoint SessionRecord::now() const { return worker_.loop().now(); }

void SessionRecord::connecting() {
  begun_ = now();
  carried_ = 0;
  transactions_.clear();
}

void SessionRecord::connected() {
  asked_ = now();
  if (recorder() != nullptr) recorder()->session_opened(asked_ - begun_, asked_);
}

void SessionRecord::secured(Duration took, bool resumed) {
  asked_ = now();
  if (recorder() != nullptr) recorder()->secured(took, resumed, asked_);
}

void SessionRecord::ended() {
  if (recorder() != nullptr) recorder()->session_ended(begun_, now());
}

void SessionRecord::error(const Trouble& trouble) {
  if (recorder() != nullptr) recorder()->error(trouble.kind, trouble.text, now());
}

void SessionRecord::session_failed(const Trouble& trouble) {
  error(trouble);
  if (recorder() != nullptr) ++recorder()->at(now()).counters.sessions_failed;
}

void SessionRecord::take(const Arrival& arrival) {
  waiting_ =
      MessageInFlight{.message = arrival.message, .intended = arrival.intended, .begun = now()};
  if (recorder() != nullptr) recorder()->started(*waiting_, now());
}

std::uint64_t SessionRecord::launch() {
  MessageInFlight in_flight = *std::exchange(waiting_, std::nullopt);
  in_flight.sent = now();
  if (recorder() != nullptr && carried_ > 0) recorder()->reused(in_flight);
  ++carried_;
  in_flight_.push_back(in_flight);
  return in_flight.message;
}

void SessionRecord::transaction_begun() {
  if (recorder() != nullptr) transactions_.push_back(now());
}

void SessionRecord::replied(const smtp::ClientSession& client, const smtp::PendingCommand& command,
                            const smtp::Reply& reply, smtp::Outcome outcome) {
  if (recorder() == nullptr) return;
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
  if (outcome != smtp::Outcome::tolerated) took = now() - asked_;
  const bool content = verb == smtp::Verb::bdat || verb == smtp::Verb::end_of_data;
  const bool known = in_flight != in_flight_.end();
  if (known && content && took) in_flight->content = took;
  recorder()->replied(known ? in_flight->stage : recorder()->stage_of(now()), verb, reply, took);
  // The next command goes out now, unless it went with this one; what 354 asks for does in any
  // case. Content is timed as a whole, however many chunks and replies it has.
  const bool goes_with = open && client.pipelines() && verb != smtp::Verb::data;
  if (!goes_with && !content) asked_ = now();
}

void SessionRecord::message_over(std::uint64_t message, std::size_t recipients) {
  const auto in_flight = find(message);
  if (in_flight == in_flight_.end()) return;
  if (recorder() != nullptr) recorder()->over(*in_flight, recipients, now());
  in_flight_.erase(in_flight);
}

void SessionRecord::lose() { end_all(&Recorder::lost); }

void SessionRecord::abandon() { end_all(&Recorder::unfinished); }

void SessionRecord::end_all(Fate fate) {
  if (recorder() != nullptr) {
    if (waiting_) (recorder()->*fate)(*waiting_, now());
    for (const MessageInFlight& in_flight : in_flight_) (recorder()->*fate)(in_flight, now());
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
