#include "source/journal_names.h"

namespace millrace::source {

std::optional<std::uint16_t> JournalNames::number(std::string_view name) {
  name = name.substr(0, proof::kMostText);
  const std::lock_guard lock(mutex_);
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  const bool room = numbers_.size() < others();
  if (!room && others_told_) return others();
  const auto number = room ? static_cast<std::uint16_t>(numbers_.size()) : others();
  if (file_.name(what_, number, room ? name : kOthers) != 0) return std::nullopt;
  if (room) numbers_.emplace(name, number);
  others_told_ = !room;
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
