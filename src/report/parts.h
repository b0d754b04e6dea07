#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace millrace::report {

struct Run;

// Which parts of one run a report is of.
struct Parts {
  std::string run;                // the same in all parts of a run, and in no other
  std::string load;               // the same where what is sent when is the same
  unsigned of = 1;                // so many there are
  std::vector<unsigned> numbers;  // from 1, rising
  // How long after the first of them the last one began.
  Duration apart{};
};

// So many parts a run has at most.
inline constexpr unsigned kMostParts = 10'000;

// Numbers that rise, for people: "1, 3 and 5 to 7".
std::string listed(const std::vector<unsigned>& numbers);

// Those that are not there, for people: "2 and 5 to 7"; empty when all are.
std::string missing(const Parts& parts);

// Puts what people are to know of a run's parts, of its agreed start and of how well its parts
// began together into its settings, under these names.
inline constexpr std::string_view kPartsSetting = "parts";
inline constexpr std::string_view kStartSetting = "start";
inline constexpr std::string_view kBegunSetting = "begun";
void describe_parts(Run& run);

// The parts of all runs; nothing where none is a part. Throws Fatal naming (`names`, one a run) a
// part that is there twice, is of another run than the first, or is none.
std::optional<Parts> merged_parts(const std::vector<Run>& runs,
                                  const std::vector<std::string>& names);

}  // namespace millrace::report
