#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mail/message.h"
#include "mail/scenario/mixed_workload.h"
#include "mail/scenario/scenario.h"

namespace millrace::mail {

// What a scenario leaves to the run.
struct WorkloadSettings {
  std::uint64_t seed = 0;
  // What holds where the scenario leaves it open: sender, recipient, how many, and the one message;
  // and what it says nothing of.
  const MessageOptions& common;
  std::vector<std::string> headers;  // "Name: text", of all messages
  // Of a message; where more are drawn they are this many.
  std::uint64_t most_recipients = kMostRecipients;
};

// Reads the files that the scenario names. Throws Fatal with one sentence; where a template has
// mistakes they are told before, a line each.
std::shared_ptr<const MixedWorkload> make_workload(const Scenario& scenario,
                                                   const WorkloadSettings& settings);

}  // namespace millrace::mail
