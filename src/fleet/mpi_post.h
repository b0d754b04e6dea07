#pragma once

#include <memory>

#include "fleet/post.h"

namespace millrace::fleet {

// The post of the processes that mpirun has started together, for the thread that calls this.
// Throws Fatal.
std::unique_ptr<Post> mpi_post();

// The rank of this process as mpirun tells it before MPI begins; 0 where nothing started it.
unsigned rank_by_environment();

}  // namespace millrace::fleet
