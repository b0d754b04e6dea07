#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/distribution.h"
#include "smtp/client_plan.h"

namespace millrace::source {

// In what the connections of a run differ. A share, from 0 to 1, is of those that make use of what
// the run makes use of.
struct SessionMix {
  std::uint64_t seed = 0;
  std::optional<Distribution> messages;  // how many a connection carries, whole numbers from 1
  double starttls = 1;
  double auth = 1;
  double pipelining = 1;
  bool auth_in_clear = false;  // else only what has TLS authenticates
  std::string
      hello_name;  // {n}: the connection, {domain}: that of its first sender; empty: the same
};

// One connection of it.
struct ConnectionTraits {
  smtp::ClientPlan plan;
  std::uint64_t messages = 0;  // that it carries; 0: as many as the run allows
};

// No connection carries more by a draw.
inline constexpr std::uint64_t kMostMessagesDrawn = 1'000'000'000;

// Those of connection number `connection` of the run, where all have `plan` in common. `sender`: of
// its first message, without angle brackets.
ConnectionTraits draw_traits(const SessionMix& mix, const smtp::ClientPlan& plan,
                             std::uint64_t connection, std::string_view sender);

}  // namespace millrace::source
