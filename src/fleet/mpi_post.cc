#include "fleet/mpi_post.h"

#include <fmt/format.h>
#include <mpi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/number.h"
#include "fleet/meeting.h"
#include "fleet/tcp_post.h"

namespace millrace::fleet {
namespace {

// Open MPI carries no letters: over TCP it hangs, or ends the process, when it finds that another
// one is gone, whatever its error handlers say.
class MpiPost final : public TcpPost {
 public:
  using TcpPost::TcpPost;
  void close() override { MPI_Finalize(); }
};

void check(int error, const char* what) {
  if (error != MPI_SUCCESS) throw Fatal(fmt::format("{} failed with error {}", what, error));
}

// Where another MPI's starter was used, each process would be all ranks there are, and send all.
void check_starter(unsigned ranks) {
  for (const char* const name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr) continue;
    if (whole_number(value) == ranks) return;
    throw Fatal(
        fmt::format("{} says that there are {} ranks, this MPI knows of {}: the processes were "
                    "started by another MPI than this program was built with",
                    name, value, ranks));
  }
}

// Rank 0 says it to all others.
void hand_round(std::string& text) {
  int size = static_cast<int>(text.size());
  check(MPI_Bcast(&size, 1, MPI_INT, 0, MPI_COMM_WORLD), "MPI_Bcast");
  text.resize(static_cast<std::size_t>(size));
  check(MPI_Bcast(text.data(), size, MPI_CHAR, 0, MPI_COMM_WORLD), "MPI_Bcast");
}

// By rank.
std::vector<FileDescriptor> meet(unsigned rank, unsigned ranks) {
  if (ranks == 1) return std::vector<FileDescriptor>(1);
  if (rank == 0) {
    Meeting meeting;
    std::string place = meeting.place();
    hand_round(place);
    return meeting.assemble(ranks);
  }
  std::string place;
  hand_round(place);
  std::vector<FileDescriptor> connections(ranks);
  connections[0] = attend(place, rank);
  return connections;
}

}  // namespace

std::unique_ptr<Post> mpi_post() {
  int granted = 0;
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &granted), "MPI_Init_thread");
  if (granted < MPI_THREAD_FUNNELED) throw Fatal("this MPI cannot be used by one thread of many");
  int rank = 0;
  check(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  int ranks = 0;
  check(MPI_Comm_size(MPI_COMM_WORLD, &ranks), "MPI_Comm_size");
  check_starter(static_cast<unsigned>(ranks));
  const auto own = static_cast<unsigned>(rank);
  return std::make_unique<MpiPost>(own, meet(own, static_cast<unsigned>(ranks)));
}

unsigned rank_by_environment() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"}) {
    const char* const value = std::getenv(name);
    const auto rank = value != nullptr ? whole_number(value) : std::nullopt;
    if (rank) return static_cast<unsigned>(*rank);
  }
  return 0;
}

}  // namespace millrace::fleet
