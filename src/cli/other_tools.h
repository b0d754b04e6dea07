#pragma once

#include <string>
#include <vector>

namespace millrace::cli {

// What somebody wrote who has another load tool in the fingers: wrk2's, oha's, k6's, vegeta's and
// swaks's options have other meanings here, or none.
struct OtherTools {
  std::string error;  // the first argument that cannot have been meant; may be empty
  std::vector<std::string> warnings;  // arguments that may have been meant otherwise
};

// Looks through the arguments of smtp-source for such options, with a value behind them or
// attached: "-d 30s", "-c100".
OtherTools look_for_other_tools(const std::vector<std::string>& arguments);

}  // namespace millrace::cli
