#include "sink/store/message_memory.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace millrace::sink {
namespace {

// Of what a client can make as large as it likes.
std::uint64_t bytes_of(const RememberedMessage& message) {
  std::uint64_t bytes = message.content ? message.content->size() : 0;
  bytes += message.sender.size() + message.mail_parameters.size();
  for (const std::string& recipient : message.recipients) bytes += recipient.size();
  return bytes;
}

}  // namespace

// What has to go is given back when nobody is held up by it any more.
void MessageMemory::add(std::vector<std::shared_ptr<RememberedMessage>> messages) {
  std::vector<Remembered> gone;
  const std::lock_guard lock(mutex_);
  for (auto& message : messages) {
    message->number = ++taken_;
    bytes_ += bytes_of(*message);
    messages_.push_back(std::move(message));
  }
  while (messages_.size() > most_ || (bytes_ > most_bytes_ && messages_.size() > 1)) {
    bytes_ -= bytes_of(*messages_.front());
    gone.push_back(std::move(messages_.front()));
    messages_.pop_front();
  }
}

std::vector<Remembered> MessageMemory::all() const {
  const std::lock_guard lock(mutex_);
  return {messages_.begin(), messages_.end()};
}

Remembered MessageMemory::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto same = [id](const Remembered& message) { return message->id == id; };
  const auto found = std::find_if(messages_.begin(), messages_.end(), same);
  return found == messages_.end() ? nullptr : *found;
}

std::size_t MessageMemory::forget(const std::vector<Remembered>& messages) {
  std::unordered_set<const RememberedMessage*> unwanted;
  for (const Remembered& message : messages) unwanted.insert(message.get());
  const std::lock_guard lock(mutex_);
  return std::erase_if(messages_, [&](const Remembered& message) {
    if (!unwanted.contains(message.get())) return false;
    bytes_ -= bytes_of(*message);
    return true;
  });
}

MessageMemory::Latest MessageMemory::behind(std::uint64_t seen, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  Latest latest{.taken = taken_, .kept = messages_.size()};
  auto first = messages_.end();
  while (first != messages_.begin() && (*std::prev(first))->number > seen &&
         static_cast<std::size_t>(messages_.end() - first) < most) {
    --first;
  }
  latest.messages.assign(first, messages_.end());
  return latest;
}

MessageMemory::Totals MessageMemory::totals() const {
  const std::lock_guard lock(mutex_);
  return {.messages = messages_.size(), .most = most_, .bytes = bytes_};
}

}  // namespace millrace::sink
