#pragma once

#include <cstdint>
#include <string_view>

#include "mail/scenario/scenario.h"
#include "smtp/client_plan.h"

namespace millrace::source {

// In what the connections of a run differ. Its shares are of those that make use of what the run
// makes use of: STARTTLS, AUTH, PIPELINING.
struct ConnectionMix {
  std::uint64_t seed = 0;
  mail::SessionMix session;
  bool auth_in_clear = false;  // else only what has TLS authenticates
};

// One connection of it.
struct ConnectionTraits {
  smtp::ClientPlan plan;
  std::uint64_t messages = 0;  // that it carries; 0: as many as the run allows
};

// Those of connection number `connection` of the run, where all have `plan` in common. `sender`: of
// its first message, without angle brackets.
ConnectionTraits draw_traits(const ConnectionMix& mix, const smtp::ClientPlan& plan,
                             std::uint64_t connection, std::string_view sender);

}  // namespace millrace::source
