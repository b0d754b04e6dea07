#include "source/journal_names.h"

#include <algorithm>

namespace millrace::source {

std::optional<std::uint16_t> JournalNames::number(std::string_view name) {
  name = name.substr(0, proof::kMostText);
  const std::lock_guard lock(mutex_);
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  const std::size_t next = std::min<std::size_t>(numbers_.size(), others());
  const auto number = static_cast<std::uint16_t>(next);
  if (numbers_.size() >= most_) return number;
  const std::string_view told = number == others() ? kOthers : name;
  if (file_.name(what_, number, told) != 0) return std::nullopt;
  numbers_.emplace(told, number);
  return number;
}

std::uint16_t KnownJournalNames::number(std::string_view name) {
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  if (full_) return all_.others();
  const auto number = all_.number(name);
  if (!number) return all_.others();
  full_ = *number == all_.others();
  if (!full_) numbers_.emplace(name, *number);
  return *number;
}

}  // namespace millrace::source
