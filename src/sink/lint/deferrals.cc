#include "sink/lint/deferrals.h"

#include <functional>
#include <string>

namespace millrace::sink {

std::uint64_t Deferrals::key(std::string_view client, std::string_view sender,
                             std::string_view recipient) {
  std::string all;
  all.reserve(client.size() + sender.size() + recipient.size() + 2);
  all.append(client).append("\n").append(sender).append("\n").append(recipient);
  return std::hash<std::string_view>{}(all);
}

void Deferrals::note(std::uint64_t key, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (noted_.size() >= kMost) {
    std::erase_if(noted_, [now](const auto& one) { return now - one.second > kSoonest; });
  }
  if (noted_.size() < kMost) noted_.insert_or_assign(key, now);
}

bool Deferrals::lately(std::uint64_t key, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = noted_.find(key);
  return found != noted_.end() && now - found->second <= kSoonest;
}

}  // namespace millrace::sink
