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
void MessageMemory::add(std::vector<Remembered> messages) {
  std::vector<Remembered> gone;
  const std::lock_guard lock(mutex_);
  for (Remembered& message : messages) {
    bytes_ += bytes_of(*message);
    places_.push_back({.number = ++taken_, .message = std::move(message)});
  }
  while (places_.size() > most_ || (bytes_ > most_bytes_ && places_.size() > 1)) {
    bytes_ -= bytes_of(*places_.front().message);
    gone.push_back(std::move(places_.front().message));
    places_.pop_front();
  }
}

std::vector<Remembered> MessageMemory::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Remembered> messages;
  messages.reserve(places_.size());
  for (const Place& place : places_) messages.push_back(place.message);
  return messages;
}

Remembered MessageMemory::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto same = [id](const Place& place) { return place.message->id == id; };
  const auto place = std::find_if(places_.begin(), places_.end(), same);
  return place == places_.end() ? nullptr : place->message;
}

std::size_t MessageMemory::forget(const std::vector<Remembered>& messages) {
  std::unordered_set<const RememberedMessage*> unwanted;
  for (const Remembered& message : messages) unwanted.insert(message.get());
  const std::lock_guard lock(mutex_);
  return std::erase_if(places_, [&](const Place& place) {
    if (!unwanted.contains(place.message.get())) return false;
    bytes_ -= bytes_of(*place.message);
    return true;
  });
}

MessageMemory::Latest MessageMemory::behind(std::uint64_t seen, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  Latest latest{.taken = taken_};
  auto first = places_.end();
  while (first != places_.begin() && std::prev(first)->number > seen &&
         static_cast<std::size_t>(places_.end() - first) < most) {
    --first;
  }
  for (; first != places_.end(); ++first) latest.messages.push_back(first->message);
  return latest;
}

MessageMemory::Totals MessageMemory::totals() const {
  const std::lock_guard lock(mutex_);
  return {.messages = places_.size(), .most = most_, .bytes = bytes_};
}

}  // namespace millrace::sink
