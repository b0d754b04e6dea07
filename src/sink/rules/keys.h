#pragma once

#include <cstdint>
#include <string_view>

#include "sink/rules/facts.h"
#include "sink/rules/rule.h"
#include "sink/rules/windows.h"

namespace millrace::sink::rules {

// Of whom a rule counts commands. Addresses are the same in any case. `recipient`: that the rule
// holds for.
std::uint64_t over_key(const Windows& windows, std::string_view rule, Per per, const Facts& facts,
                       std::string_view recipient);

// Of whom open sessions are counted, for all rules: the client, the listener or all.
std::uint64_t sessions_key(const Windows& windows, Per per, const Facts& facts);

// What a greylist knows: the network of the client (of 24 bits for IPv4, 64 for IPv6), the sender
// and the recipient.
std::uint64_t triplet_key(const Windows& windows, std::string_view rule, const Facts& facts,
                          std::string_view recipient);

}  // namespace millrace::sink::rules
