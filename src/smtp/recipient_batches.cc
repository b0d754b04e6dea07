#include "smtp/recipient_batches.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace millrace::smtp {
namespace {

template <typename Number>
Number or_unlimited(std::uint64_t limit) {
  constexpr Number kUnlimited = std::numeric_limits<Number>::max();
  return limit == 0 ? kUnlimited : static_cast<Number>(limit);
}

}  // namespace

void RecipientBatches::open(std::uint64_t mail_limit, std::uint64_t recipient_limit,
                            std::size_t most_recipients) {
  mails_left_ = or_unlimited<std::uint64_t>(mail_limit);
  recipient_limit_ = or_unlimited<std::size_t>(recipient_limit);
  most_batches_ = batches(most_recipients);
}

void RecipientBatches::add(std::uint64_t message, std::size_t recipients) {
  messages_.push_back({.number = message, .recipients = recipients});
  unbegun_ = batches(recipients);
}

RecipientBatch RecipientBatches::begin(bool behind) {
  --mails_left_;
  if (behind) ++behind_;
  RecipientBatch batch;
  if (!again_.empty()) {
    batch = again_.front();
    again_.pop_front();
  } else {
    Message& message = messages_.back();
    batch = {.message = message.number,
             .first = message.begun,
             .count = std::min(message.recipients - message.begun, recipient_limit_)};
    message.begun += batch.count;
    --unbegun_;
  }
  batch.behind = behind;
  return batch;
}

bool RecipientBatches::first_sent(const RecipientBatch& batch) {
  return !std::exchange(find(batch.message).sent, true);
}

void RecipientBatches::send_again(const RecipientBatch& batch) {
  leave(batch);
  again_.push_back(batch);
}

std::optional<std::size_t> RecipientBatches::finish(const RecipientBatch& batch,
                                                    std::size_t taken) {
  leave(batch);
  Message& message = find(batch.message);
  message.decided += batch.count;
  message.taken += taken;
  if (!message.over()) return std::nullopt;
  const std::size_t taken_of_all = message.taken;
  while (!messages_.empty() && messages_.front().over()) messages_.pop_front();
  return taken_of_all;
}

// In how many batches so many recipients go.
std::size_t RecipientBatches::batches(std::size_t recipients) const {
  return recipients / recipient_limit_ + (recipients % recipient_limit_ != 0 ? 1 : 0);
}

// A message that is under way. It is the first one, or near it.
RecipientBatches::Message& RecipientBatches::find(std::uint64_t message) {
  std::size_t place = 0;
  while (messages_[place].number != message || messages_[place].over()) ++place;
  return messages_[place];
}

}  // namespace millrace::smtp
