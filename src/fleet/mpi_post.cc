#include "fleet/mpi_post.h"

#include <fmt/format.h>
#include <mpi.h>

#include <cstdlib>
#include <limits>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/number.h"

namespace millrace::fleet {
namespace {

// A message is one letter: its subject is the tag.
class MpiPost final : public Post {
 public:
  MpiPost() {
    int granted = 0;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &granted), "MPI_Init_thread");
    if (granted < MPI_THREAD_FUNNELED) throw Fatal("this MPI cannot be used by one thread of many");
    // A rank that is gone is for others to notice, not to die of.
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    int number = 0;
    check(MPI_Comm_rank(MPI_COMM_WORLD, &number), "MPI_Comm_rank");
    rank_ = static_cast<unsigned>(number);
    check(MPI_Comm_size(MPI_COMM_WORLD, &number), "MPI_Comm_size");
    sending_.resize(static_cast<std::size_t>(number));
  }

  [[nodiscard]] unsigned rank() const override { return rank_; }
  [[nodiscard]] unsigned ranks() const override { return static_cast<unsigned>(sending_.size()); }

  void send(unsigned rank, Letter letter) override {
    constexpr std::size_t kMost = std::numeric_limits<int>::max();
    if (letter.text.size() > kMost) {
      letter = {.subject = Subject::trouble, .text = "has a report too large for a message of MPI"};
    }
    sweep(rank);
    Sending& sending = sending_[rank].emplace_back();
    sending.text = std::move(letter.text);
    const int error = MPI_Isend(sending.text.data(), static_cast<int>(sending.text.size()),
                                MPI_BYTE, static_cast<int>(rank), static_cast<int>(letter.subject),
                                MPI_COMM_WORLD, &sending.request);
    if (error != MPI_SUCCESS) sending_[rank].pop_back();  // that it is gone will be noticed
  }

  std::optional<Addressed> receive() override {
    int there = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    const int error =
        MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &message, &status);
    if (error != MPI_SUCCESS || there == 0) return std::nullopt;
    int size = 0;
    MPI_Get_count(&status, MPI_BYTE, &size);
    Addressed got{.rank = static_cast<unsigned>(status.MPI_SOURCE),
                  .letter = {.subject = static_cast<Subject>(status.MPI_TAG)}};
    got.letter.text.resize(static_cast<std::size_t>(size));
    if (MPI_Mrecv(got.letter.text.data(), size, MPI_BYTE, &message, &status) != MPI_SUCCESS) {
      return std::nullopt;
    }
    return got;
  }

  [[nodiscard]] unsigned waiting(unsigned rank) const override {
    sweep(rank);
    return static_cast<unsigned>(sending_[rank].size());
  }

  void close() override { MPI_Finalize(); }

 private:
  struct Sending {
    std::string text;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  static void check(int error, const char* what) {
    if (error != MPI_SUCCESS) throw Fatal(fmt::format("{} failed with error {}", what, error));
  }

  // Forgets what has gone out.
  void sweep(unsigned rank) const {
    sending_[rank].remove_if([](Sending& one) {
      int done = 0;
      return MPI_Test(&one.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0;
    });
  }

  unsigned rank_ = 0;
  mutable std::vector<std::list<Sending>> sending_;  // to each rank; texts must not move
};

}  // namespace

std::unique_ptr<Post> mpi_post() { return std::make_unique<MpiPost>(); }

unsigned rank_by_environment() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK"}) {
    const char* const value = std::getenv(name);
    const auto rank = value != nullptr ? whole_number(value) : std::nullopt;
    if (rank) return static_cast<unsigned>(*rank);
  }
  return 0;
}

}  // namespace millrace::fleet
