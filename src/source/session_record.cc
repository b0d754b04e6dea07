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

void SessionRecord::error(metrics::Error kind, std::string_view what) {
  if (recorder() != nullptr) recorder()->error(kind, what, now());
}

void SessionRecord::session_failed(metrics::Error kind, std::string_view what) {
  error(kind, what);
  if (recorder() != nullptr) ++recorder()->at(now()).counters.sessions_failed;
}

void SessionRecord::take(const Ticket& ticket) {
  waiting_ = Flight{.message = ticket.message, .intended = ticket.intended, .begun = now()};
  if (recorder() != nullptr) recorder()->started(*waiting_, now());
}

std::uint64_t SessionRecord::launch() {
  Flight flight = *std::exchange(waiting_, std::nullopt);
  flight.sent = flight.asked = now();
  if (recorder() != nullptr && carried_ > 0) recorder()->reused(flight);
  ++carried_;
  flights_.push_back(flight);
  return flight.message;
}

void SessionRecord::replied(const smtp::ClientSession& client, const smtp::Question& question,
                            const smtp::Reply& reply) {
  if (recorder() == nullptr) return;
  const bool in_transaction = client.phase() == smtp::ClientSession::Phase::open;
  const auto flight = in_transaction ? find(question.message) : flights_.end();
  if (flight == flights_.end()) {
    const Flight opening{.asked = asked_, .segment = recorder()->segment_of(now())};
    recorder()->replied(opening, question, reply, now());
    asked_ = now();
    return;
  }
  recorder()->replied(*flight, question, reply, now());
  // The next command goes out now, unless it went with this one; content does in any case.
  if (!client.pipelines() || question.verb == smtp::Verb::data) flight->asked = now();
}

void SessionRecord::message_over(std::uint64_t message, std::size_t recipients) {
  const auto flight = find(message);
  if (flight == flights_.end()) return;
  if (recorder() != nullptr) recorder()->over(*flight, recipients, now());
  flights_.erase(flight);
}

void SessionRecord::lose() { end_all(&Recorder::lost); }

void SessionRecord::abandon() { end_all(&Recorder::unfinished); }

void SessionRecord::end_all(Fate fate) {
  if (recorder() != nullptr) {
    if (waiting_) (recorder()->*fate)(*waiting_, now());
    for (const Flight& flight : flights_) (recorder()->*fate)(flight, now());
  }
  waiting_.reset();
  flights_.clear();
}

std::vector<Flight>::iterator SessionRecord::find(std::uint64_t message) {
  return std::find_if(flights_.begin(), flights_.end(),
                      [&](const Flight& flight) { return flight.message == message; });
}

}  // namespace millrace::source
