#include "mail/clients/client_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "base/quantity.h"
#include "smtp/keyword.h"

namespace millrace::mail {
namespace {

// More are not looked for, where it is to be told how many are needed.
constexpr unsigned kMostSessions = 1'000'000;

bool begins_with_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

// Whether a group says itself how many sessions it has.
bool fixed(const ClientGroup& group) { return group.sessions || group.share; }

std::uint64_t asked(const ClientGroup& group, unsigned sessions) {
  if (group.sessions) return *group.sessions;
  return static_cast<std::uint64_t>(std::llround(*group.share * sessions));
}

// Gives the groups without a number of their own what is left, by weight: whole parts, and then
// one more for those whose part was cut most.
void share_out(const std::vector<ClientGroup>& groups, unsigned left,
               std::vector<unsigned>& sessions) {
  double weights = 0;
  for (const ClientGroup& group : groups) weights += fixed(group) ? 0 : group.weight;
  struct Cut {
    double by;
    std::size_t group;
  };
  std::vector<Cut> cuts;
  unsigned given = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (fixed(groups[i]) || groups[i].weight <= 0) continue;
    const double part = left * (groups[i].weight / weights);
    sessions[i] = static_cast<unsigned>(part);
    given += sessions[i];
    cuts.push_back({.by = part - std::floor(part), .group = i});
  }
  std::stable_sort(cuts.begin(), cuts.end(),
                   [](const Cut& a, const Cut& b) { return a.by > b.by; });
  for (const Cut& cut : cuts) {
    if (given++ >= left) break;
    ++sessions[cut.group];
  }
}

// Without saying how many it would take.
std::optional<ClientAllotment> try_to_allot(const std::vector<ClientGroup>& groups,
                                            unsigned sessions, std::string& why) {
  ClientAllotment allotment{.sessions = std::vector<unsigned>(groups.size(), 0)};
  std::uint64_t taken = 0;
  bool all_fixed = true;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!fixed(groups[i])) {
      all_fixed = false;
      continue;
    }
    const std::uint64_t number = asked(groups[i], sessions);
    taken += number;
    if (taken > sessions) {
      why = fmt::format("{} are more clients than the {} session{} (-s)", taken, sessions,
                        plural(sessions));
      return std::nullopt;
    }
    allotment.sessions[i] = static_cast<unsigned>(number);
  }
  const auto left = static_cast<unsigned>(sessions - taken);
  if (all_fixed) allotment.good = left;
  share_out(groups, left, allotment.sessions);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (allotment.sessions[i] == 0 && (fixed(groups[i]) || groups[i].weight > 0)) {
      why = fmt::format("of {} session{} (-s) none is left for {}", sessions, plural(sessions),
                        groups[i].behaviour.text);
      return std::nullopt;
    }
    if (groups[i].behaviour.good()) allotment.good += allotment.sessions[i];
  }
  return allotment;
}

// How many sessions are enough, where `too_few` are not; nothing when no number is that anybody
// has.
std::optional<unsigned> enough_for(const std::vector<ClientGroup>& groups, unsigned too_few) {
  std::string why;
  unsigned enough = too_few;
  while (enough < kMostSessions) {
    enough = std::min(kMostSessions, enough * 2);
    if (!try_to_allot(groups, enough, why)) {
      too_few = enough;
      continue;
    }
    while (enough - too_few > 1) {
      const unsigned middle = too_few + (enough - too_few) / 2;
      (try_to_allot(groups, middle, why) ? enough : too_few) = middle;
    }
    return enough;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ClientGroup> client_group(std::string_view text, std::string& why) {
  ClientGroup group;
  if (begins_with_digit(text)) {
    const std::string_view amount = smtp::take_word(text, " \t");
    if (amount.ends_with('%')) {
      group.share = share(amount);
    } else {
      group.sessions = whole_number(amount, 1, std::numeric_limits<unsigned>::max());
    }
    if (!fixed(group) || group.share == 0.0) {
      why =
          "expected a number of sessions or a share ahead of the kind, as 1000 slow-writer 1, or "
          "95% idle 60s";
      return std::nullopt;
    }
  }
  auto behaviour = client_behaviour(text, why);
  if (!behaviour) return std::nullopt;
  group.behaviour = std::move(*behaviour);
  return group;
}

bool any_says_starttls(const std::vector<ClientGroup>& groups) {
  return std::ranges::any_of(
      groups, [](const ClientGroup& group) { return says_starttls(group.behaviour); });
}

std::optional<ClientAllotment> allot(const std::vector<ClientGroup>& groups, unsigned sessions,
                                     std::string& why) {
  auto allotment = try_to_allot(groups, sessions, why);
  if (allotment) return allotment;
  const auto needed = enough_for(groups, sessions);
  why += needed ? fmt::format(": it takes {}", *needed)
                : fmt::format(": no number up to {} is enough", kMostSessions);
  return std::nullopt;
}

}  // namespace millrace::mail
