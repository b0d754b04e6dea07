#include "sink/store/keeper.h"

#include <utility>

#include "base/diagnostics.h"

namespace millrace::sink {
namespace {

bool complain(const Store& store, int error) {
  warn(describe_error("message not stored in " + store.name(), error));
  return false;
}

}  // namespace

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

bool Keeper::add() {
  if (waiting_.empty()) return true;
  for (const auto& store : stores_) {
    if (const int error = store->add(waiting_); error != 0) return complain(*store, error);
  }
  for (const auto& store : stores_) {
    if (const int error = store->give_names(); error != 0) return complain(*store, error);
  }
  return true;
}

void Keeper::decide(bool keep) {
  if (waiting_.empty()) return;
  for (const auto& store : stores_) keep ? store->keep() : store->undo();
  for (auto& message : waiting_) give_back(std::move(message));
  waiting_.clear();
}

}  // namespace millrace::sink
