#include "sink/store/keeper.h"

#include <cstddef>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::sink {

std::unique_ptr<KeptMessage> Keeper::lend() {
  std::unique_ptr<KeptMessage> message;
  if (idle_.empty()) {
    message = std::make_unique<KeptMessage>();
    if (shared_.hashes()) message->hashing.emplace();
  } else {
    message = std::move(idle_.back());
    idle_.pop_back();
  }
  message->content.begin(shared_.directory(), shared_.largest());
  return message;
}

void Keeper::give_back(std::unique_ptr<KeptMessage> message) {
  constexpr std::size_t kQuietRecipients = 64;
  message->content.forget();
  if (message->recipients.capacity() > kQuietRecipients) message->recipients = {};
  message->recipients.clear();
  idle_.push_back(std::move(message));
}

void Keeper::settle() {
  kept_ = waiting_.empty() || add_to_all();
  for (auto& message : waiting_) give_back(std::move(message));
  waiting_.clear();
}

bool Keeper::add_to_all() {
  const auto failed = [](const Store& store, int error) {
    warn(describe_error("message not stored in " + store.name(), error));
    return false;
  };
  std::size_t added = 0;
  int error = 0;
  while (added < stores_.size() && error == 0) error = stores_[added++]->add(waiting_);
  if (error != 0) {
    for (std::size_t place = added; place > 0; --place) stores_[place - 1]->undo();
    return failed(*stores_[added - 1], error);
  }
  for (std::size_t place = 0; place < stores_.size(); ++place) {
    error = stores_[place]->keep();
    if (error == 0) continue;
    for (std::size_t rest = place + 1; rest < stores_.size(); ++rest) stores_[rest]->undo();
    return failed(*stores_[place], error);
  }
  return true;
}

}  // namespace millrace::sink
