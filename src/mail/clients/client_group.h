#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/clients/client_kind.h"

namespace millrace::mail {

inline constexpr std::size_t kMostClientGroups = 100;  // of a run

// Clients of one behaviour, and how many of the sessions they are: a number, a share of all, or
// else a part of what those leave, by weight.
struct ClientGroup {
  ClientBehaviour behaviour;
  std::optional<std::uint64_t> sessions = {};
  std::optional<double> share = {};  // 0 to 1
  double weight = 1;
};

// "KIND [VALUE]", and ahead of it how many: "1000 slow-writer 1", "95% idle 60s". Nothing when it
// is none, and `why` says what is expected.
std::optional<ClientGroup> client_group(std::string_view text, std::string& why);

// Whether some of them say STARTTLS.
bool any_says_starttls(const std::vector<ClientGroup>& groups);

// How many sessions each group has.
struct ClientAllotment {
  std::vector<unsigned> sessions;  // in the order of the groups
  unsigned good = 0;               // of all groups of good clients; and what no group is left for
};

// Shares `sessions` out. Nothing when there are too few, and `why` says for whom, and how many it
// takes.
std::optional<ClientAllotment> allot(const std::vector<ClientGroup>& groups, unsigned sessions,
                                     std::string& why);

}  // namespace millrace::mail
