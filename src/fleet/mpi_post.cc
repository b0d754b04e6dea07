#include "fleet/mpi_post.h"

#include <fmt/format.h>
#include <mpi.h>

#include <cstdlib>
#include <limits>
#include <list>
#include <memory>
#include <string>
#include <string_view>
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
    const auto whole = std::make_shared<const std::string>(std::move(letter.text));
    send(rank, Piece{.subject = letter.subject, .whole = whole, .text = *whole});
  }

  void send(unsigned rank, Piece piece) override {
    sweep(rank);
    Sending& sending = sending_[rank].emplace_back();
    sending.whole = std::move(piece.whole);
    const int error = MPI_Isend(piece.text.data(), static_cast<int>(piece.text.size()), MPI_BYTE,
                                static_cast<int>(rank), static_cast<int>(piece.subject),
                                MPI_COMM_WORLD, &sending.request);
    if (error != MPI_SUCCESS) sending_[rank].pop_back();  // that it is gone will be noticed
  }

  std::optional<Addressed> receive() override {
    while (begin_to_receive()) continue;
    if (receiving_.empty()) return std::nullopt;
    // What a rank has begun and does not finish holds up its own letters alone.
    std::vector<bool> held_up(sending_.size());
    for (auto one = receiving_.begin(); one != receiving_.end(); ++one) {
      if (held_up[one->got.rank]) continue;
      int done = 0;
      const int error = MPI_Test(&one->request, &done, MPI_STATUS_IGNORE);
      if (error == MPI_SUCCESS && done == 0) {
        held_up[one->got.rank] = true;
        continue;
      }
      Addressed got = std::move(one->got);
      receiving_.erase(one);
      if (error != MPI_SUCCESS) return std::nullopt;
      return got;
    }
    return std::nullopt;
  }

  [[nodiscard]] unsigned waiting(unsigned rank) const override {
    sweep(rank);
    return static_cast<unsigned>(sending_[rank].size());
  }

  void close() override { MPI_Finalize(); }

 private:
  struct Sending {
    std::shared_ptr<const std::string> whole;
    MPI_Request request = MPI_REQUEST_NULL;
  };
  struct Receiving {
    Addressed got;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  static void check(int error, const char* what) {
    if (error != MPI_SUCCESS) throw Fatal(fmt::format("{} failed with error {}", what, error));
  }

  // The next one that is there, which takes a while where it is large. Whether there was one.
  bool begin_to_receive() {
    int there = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    const int error =
        MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &message, &status);
    if (error != MPI_SUCCESS || there == 0) return false;
    int size = 0;
    MPI_Get_count(&status, MPI_BYTE, &size);
    Receiving& receiving = receiving_.emplace_back();
    receiving.got = {.rank = static_cast<unsigned>(status.MPI_SOURCE),
                     .letter = {.subject = static_cast<Subject>(status.MPI_TAG)}};
    std::string& text = receiving.got.letter.text;
    text.resize(static_cast<std::size_t>(size));
    if (MPI_Imrecv(text.data(), size, MPI_BYTE, &message, &receiving.request) != MPI_SUCCESS) {
      receiving_.pop_back();
    }
    return true;
  }

  // Forgets what has gone out.
  void sweep(unsigned rank) const {
    sending_[rank].remove_if([](Sending& one) {
      int done = 0;
      return MPI_Test(&one.request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done != 0;
    });
  }

  unsigned rank_ = 0;
  mutable std::vector<std::list<Sending>> sending_;  // to each rank
  std::list<Receiving> receiving_;                   // as they came; texts must not move
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
