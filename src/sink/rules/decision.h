#pragma once

#include "sink/rules/rule_set.h"
#include "smtp/server_policy.h"

namespace millrace::sink::rules {

// What the rule that was found makes of a command. Its dice are rolled where it has any.
smtp::Decision decision_of(const Found& found, const Facts& facts);

}  // namespace millrace::sink::rules
