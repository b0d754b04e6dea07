#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fleet/fleet.h"

namespace millrace::cli {

// A program of many processes whose options have been read, in one of them.
class FleetProgram {
 public:
  virtual ~FleetProgram() = default;

  // As rank 0: opens the run, has its part of it, gathers and reports. How it went; what it throws
  // ends the others.
  struct Outcome {
    bool whole = false;  // Fleet::close()
    int status = 0;      // of the program, where it is
  };
  virtual Outcome lead(fleet::Fleet& all, threads::SignalWatch& signals) = 0;

  // As another: has its part of what rank 0 has opened, and hands in what it measured. Whether rank
  // 0 was there to the end; what it throws ends the others.
  virtual bool follow(std::string opening, fleet::Fleet& all, threads::SignalWatch& signals) = 0;
};

// Another rank: has rank 0 say, from now on, what there is to say to the user. Before, nothing is
// said.
void speak_through_rank_0(fleet::Fleet& all);

// What MPI says of this process: how to speak with the others, and which it is, before that.
struct FleetPlace {
  fleet::Fleet::OpenPost post;
  unsigned rank = 0;
};

// Runs a program as main(). `read`: reads its options; what is wrong with them is said by
// one rank.
int fleet_main(const char* name, const FleetPlace& place,
               const std::function<std::unique_ptr<FleetProgram>()>& read);

}  // namespace millrace::cli
