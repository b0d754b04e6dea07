#include "source/session_messages.h"

#include "source/stamped_messages.h"

namespace millrace::source {
namespace {

std::unique_ptr<smtp::MessageSource> messages_of(WorkerResources& worker,
                                                 const mail::Workload& workload,
                                                 const SessionRecord& record) {
  auto plain = workload.messages();
  if (!worker.stamper) return plain;
  return std::make_unique<StampedMessages>(std::move(plain), record, worker.loop, *worker.stamper);
}

}  // namespace

SessionMessages::SessionMessages(WorkerResources& worker, const Run& run, std::uint64_t session,
                                 SessionRecord& record)
    : record_(record),
      all_(messages_of(worker, run.workload(), record)),
      remaining_(*all_, record),
      source_(run.options().load.retry ? static_cast<const smtp::MessageSource&>(remaining_)
                                       : *all_),
      observers_(worker.delivery_observers) {
  const SourceOptions& options = run.options();
  // It is told last: from then on the session knows no more of the message.
  if (options.load.retry) {
    observers_.push_back(&retrier_.emplace(worker.retries, worker.recorder, record));
  }
  if (!observers_.empty()) {
    deliveries_.emplace(session, options.plan.hello_verb == smtp::Verb::lhlo, source_, observers_);
  }
}

void SessionMessages::take(const Arrival& arrival, TimePoint now) {
  record_.take(arrival, now);
  if (deliveries_) deliveries_->take(arrival, now);
}

void SessionMessages::secured(std::string_view version) {
  if (deliveries_) deliveries_->secured(version);
}

void SessionMessages::replied(const smtp::ClientSession& client,
                              const smtp::PendingCommand& command, const smtp::Reply& reply,
                              smtp::Outcome outcome, TimePoint now) {
  record_.replied(client, command, reply, outcome, now);
  if (deliveries_) deliveries_->replied(command, reply, outcome);
}

void SessionMessages::transaction_begun(const smtp::RecipientBatch& batch, TimePoint now) {
  record_.transaction_begun(now);
  if (deliveries_) deliveries_->transaction_begun(batch);
}

void SessionMessages::content_ended(std::uint64_t message, std::uint64_t position, TimePoint now) {
  if (deliveries_) deliveries_->content_ended(message, position, now);
}

void SessionMessages::transaction_over(const smtp::RecipientBatch& batch, std::size_t taken,
                                       bool again, TimePoint now) {
  if (deliveries_) deliveries_->transaction_over(batch, taken, again, now);
}

// Where messages come back, the record knows no more of this one than what the retrier left.
void SessionMessages::message_over(std::uint64_t message, std::size_t recipients, TimePoint now) {
  if (deliveries_) deliveries_->message_over(message, now);
  record_.message_over(message, recipients, now);
}

// Where messages come back, none is lost that the record could count.
void SessionMessages::lose(std::uint64_t sent, TimePoint now) {
  if (deliveries_) deliveries_->lose(sent, now);
  record_.lose(now);
}

void SessionMessages::abandon(std::uint64_t sent, TimePoint now) {
  if (deliveries_) deliveries_->abandon(sent, now);
  record_.abandon(now);
}

}  // namespace millrace::source
