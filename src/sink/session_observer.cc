#include "sink/session_observer.h"

#include <algorithm>

namespace millrace::sink {

void SessionObservers::heard(smtp::Line line, std::string_view text, std::string_view behind) {
  for (const auto& observer : all_) observer->heard(line, text, behind);
}

void SessionObservers::line_too_long() {
  for (const auto& observer : all_) observer->line_too_long();
}

void SessionObservers::commanded(smtp::Verb verb, std::string_view arguments) {
  for (const auto& observer : all_) observer->commanded(verb, arguments);
}

void SessionObservers::replied(std::optional<smtp::Verb> verb, std::string_view reply,
                               std::size_t copies) {
  for (const auto& observer : all_) observer->replied(verb, reply, copies);
}

void SessionObservers::greeted(smtp::Verb verb, std::string_view name) {
  for (const auto& observer : all_) observer->greeted(verb, name);
}

void SessionObservers::hello_forgotten() {
  for (const auto& observer : all_) observer->hello_forgotten();
}

void SessionObservers::client_attribute(std::string_view name, std::string_view value) {
  for (const auto& observer : all_) observer->client_attribute(name, value);
}

void SessionObservers::mail(std::string_view arguments) {
  for (const auto& observer : all_) observer->mail(arguments);
}

void SessionObservers::recipient(std::string_view arguments) {
  for (const auto& observer : all_) observer->recipient(arguments);
}

void SessionObservers::transaction_aborted() {
  for (const auto& observer : all_) observer->transaction_aborted();
}

bool SessionObservers::wants_content() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const auto& observer) { return observer->wants_content(); });
}

void SessionObservers::content(std::string_view bytes, smtp::Form form) {
  for (const auto& observer : all_) observer->content(bytes, form);
}

void SessionObservers::content_over(std::string_view behind) {
  for (const auto& observer : all_) observer->content_over(behind);
}

// A message is kept where everybody who was to keep it did.
smtp::Storage SessionObservers::message_complete() {
  smtp::Storage worst = smtp::Storage::kept;
  for (const auto& observer : all_) worst = std::max(worst, observer->message_complete());
  return worst;
}

// It waits where anybody has to record it.
bool SessionObservers::record_first(const smtp::FinalReplies& replies) {
  bool waits = false;
  for (const auto& observer : all_) waits = observer->record_first(replies) || waits;
  return waits;
}

void SessionObservers::message_answered(std::size_t accepted) {
  for (const auto& observer : all_) observer->message_answered(accepted);
}

void SessionObservers::opened(const net::SocketAddress& peer, TimePoint now) {
  for (const auto& observer : all_) observer->opened(peer, now);
}

void SessionObservers::speaks_for(const net::SocketAddress& source) {
  for (const auto& observer : all_) observer->speaks_for(source);
}

void SessionObservers::secured(const Handshake& handshake) {
  for (const auto& observer : all_) observer->secured(handshake);
}

void SessionObservers::dismissed(std::string_view reply) {
  for (const auto& observer : all_) observer->dismissed(reply);
}

void SessionObservers::failed(metrics::Error kind, std::string_view what) {
  for (const auto& observer : all_) observer->failed(kind, what);
}

void SessionObservers::ended(Ending ending, int error, TimePoint now) {
  for (const auto& observer : all_) observer->ended(ending, error, now);
}

}  // namespace millrace::sink
