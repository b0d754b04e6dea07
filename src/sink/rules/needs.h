#pragma once

#include <vector>

#include "sink/rules/rule.h"

namespace millrace::sink::rules {

// What rules look at that a session has to keep for them.
struct Needs {
  bool facts = false;           // any besides the moment
  bool recipients = false;      // at DATA, CONTENT or the end of data
  bool head = false;            // of the content
  bool size = false;            // of the content, at the end of data
  bool each_recipient = false;  // rules on "." name the recipient: LMTP asks for each
};

// Whether a rule is about one recipient rather than about a message: its conditions, what it counts
// or what it says.
bool is_of_recipient(const Rule& rule);

Needs needs_of(const std::vector<Rule>& rules);

}  // namespace millrace::sink::rules
