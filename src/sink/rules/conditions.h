#pragma once

#include <cstdint>
#include <string_view>

#include "sink/rules/facts.h"
#include "sink/rules/found.h"
#include "sink/rules/moment.h"
#include "sink/rules/rule.h"

namespace millrace::sink::rules {

// What stands behind the last '@' of an address; empty when there is none.
std::string_view domain_of(std::string_view address);

// Whether rules are asked about one recipient, as at RCPT and for each that LMTP answers; else
// about all that were accepted.
bool about_one(Moment moment, const Facts& facts);

// Whether the conditions of a rule about the recipient hold for this one. Where {1} to {9} stand
// for groups of one of them, `groups` are its groups from then on.
bool holds_for(const Match& match, std::string_view recipient, Groups& groups);

// A set of the conditions that look at facts and change nothing, as bits: most rules have one or
// two, and to look for all of them in a `Match` would take most of the time.
using Conditions = std::uint32_t;
Conditions conditions_of(const Match& match);

// What conditions are asked with.
struct Question {
  const Match& match;
  Moment moment;
  const Facts& facts;
  const Patterns* grouping;  // the condition whose groups are wanted; null: none are
  Found& found;              // where they go, and the recipient that the conditions hold for
};

// Whether all of the conditions hold.
bool hold(Conditions conditions, const Question& question);

}  // namespace millrace::sink::rules
