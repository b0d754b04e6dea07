#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/scenario/scenario.h"

namespace millrace::mail {

// A scenario, meant to be used only where there are no mistakes.
struct ScenarioRead {
  Scenario scenario;
  // All of them, each "FILE:LINE:COLUMN: what is wrong (expected what)", in their order.
  std::vector<std::string> mistakes;
};

// What `text`, the content of the file `path`, says. Relative paths in it are from the directory of
// that file on. Never throws for what a text holds.
ScenarioRead read_scenario(std::string_view text, const std::string& path);

// The same of a file. Throws Fatal when it cannot be read.
ScenarioRead read_scenario_file(const std::string& path);

}  // namespace millrace::mail
