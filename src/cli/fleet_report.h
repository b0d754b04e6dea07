#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/lead.h"
#include "report/run.h"
#include "source/recorder.h"

namespace millrace::cli {

// Of more ranks than these a report tells only which are missing, and not how each was.
inline constexpr std::size_t kMostTold = 64;

// "rank 3", "ranks 3 and 5 to 7".
std::string named(const std::vector<unsigned>& ranks);

// What a rank has of a run, or all of them together.
struct RankReport {
  bool well = false;  // all went as it should
  bool whole = true;  // of all together: the report of each is in it
  source::Completions completions;
  report::Run run;
};

// As it goes to rank 0.
std::string to_letter(const RankReport& report);

// The reports of all ranks as one, which is neither whole nor well where one is missing. `own`:
// that of rank 0. `ranks`: what it knows of the others, by rank. `look`: told of each report that
// is there, and whose it is, as "rank 1 (host)"; may be empty.
using LookAtPart = std::function<void(const std::string& whose, const RankReport& part)>;
RankReport put_together(RankReport own, const std::vector<fleet::RankState>& ranks,
                        const LookAtPart& look = {});

// Says on standard error what became of each rank that failed or is gone, and what follows from
// that.
void tell_of_missing(const std::vector<fleet::RankState>& ranks, std::string_view consequence);

// The same of each rank whose part is reported, and that was not there to the end.
void tell_of_gone(const std::vector<fleet::RankState>& ranks);

}  // namespace millrace::cli
