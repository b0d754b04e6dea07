#include "source/worker_acceptances.h"

#include <utility>

namespace millrace::source {

// The first attempt is for all of a message's copies; what is left of it comes back in others.
void WorkerAcceptances::delivered(const Delivery& delivery, const smtp::MessageSource& /*messages*/,
                                  TimePoint /*now*/) {
  const Schedule& schedule = load_->schedule();
  AcceptedCopies copies{
      .message = delivery.message,
      .due = delivery.intended,
      .measured =
          schedule.stages()[schedule.stage_at(delivery.intended - load_->start())].measured};
  accepted_.assign(delivery.transactions.size(), 0);
  for (const Delivery::Recipient& recipient : delivery.recipients) {
    if (recipient.fate == Fate::accepted) ++accepted_[recipient.transaction];
  }
  const std::lock_guard lock(mutex_);
  if (copies.measured && delivery.attempt == 1) asked_ += delivery.recipients.size();
  for (std::size_t number = 0; number < accepted_.size(); ++number) {
    copies.copies = accepted_[number];
    copies.accepted = delivery.transactions[number].over;
    if (copies.copies > 0) copies_.push_back(copies);
  }
}

void WorkerAcceptances::tell(EndToEndMatch& match) {
  told_.clear();
  {
    const std::lock_guard lock(mutex_);
    std::swap(told_, copies_);
    match.asked(std::exchange(asked_, 0));
  }
  for (const AcceptedCopies& copies : told_) match.accepted(copies);
}

}  // namespace millrace::source
