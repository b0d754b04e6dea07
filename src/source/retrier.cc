#include "source/retrier.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace::source {
namespace {

bool is_left(const Delivery::Recipient& recipient) {
  return recipient.fate != Fate::accepted && recipient.fate != Fate::refused;
}

// The numbers of those who are left, of whom `before` the attempt had; both empty for all.
std::vector<std::uint32_t> left_of(const std::vector<Delivery::Recipient>& recipients,
                                   const std::vector<std::uint32_t>& before) {
  std::vector<std::uint32_t> left;
  for (std::uint32_t place = 0; place < recipients.size(); ++place) {
    if (is_left(recipients[place])) left.push_back(before.empty() ? place : before[place]);
  }
  return left;
}

}  // namespace

void Retrier::delivered(const Delivery& delivery, const smtp::MessageSource& /*messages*/,
                        TimePoint now) {
  if (delivery.ending == Delivery::Ending::abandoned) return;
  MessageInFlight in_flight = record_.take_out(delivery.message);
  Recorder::Attempt attempt;
  std::size_t left = 0;
  for (const Delivery::Recipient& recipient : delivery.recipients) {
    if (recipient.fate == Fate::accepted) ++attempt.recipients;
    if (recipient.fate == Fate::in_doubt) attempt.in_doubt = true;
    if (is_left(recipient)) ++left;
  }
  if (left == 0) return recorder_->over(in_flight, attempt.recipients, now);

  Remains remains = in_flight.remains;
  remains.in_doubt = remains.in_doubt || attempt.in_doubt;
  if (attempt.recipients > 0) remains.taken = now;
  if (left < delivery.recipients.size()) {
    remains.recipients = left_of(delivery.recipients, in_flight.remains.recipients);
  }
  const bool comes_back = queue_->put_back({.message = in_flight.message,
                                            .intended = in_flight.intended,
                                            .attempt = in_flight.attempt + 1,
                                            .remains = std::move(remains)},
                                           now);
  if (comes_back) return recorder_->put_back(in_flight, attempt, now);
  recorder_->given_up(in_flight, attempt, left, now);
}

}  // namespace millrace::source
