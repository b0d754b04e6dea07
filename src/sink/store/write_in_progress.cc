#include "sink/store/write_in_progress.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/diagnostics.h"
#include "sink/store/same_file.h"

namespace millrace::sink {
namespace {

constexpr int kNoPiece = -1;

}  // namespace

// The next piece is put down beside the last one, so that one of them is whole at any moment.
struct WriteInProgress::Shared {
  struct Piece {
    off_t place;
    std::size_t length;
    std::array<char, kMostPiece> bytes;
  };

  std::atomic<int> piece;  // the index of the one that goes to the file, or kNoPiece
  struct stat file;        // as it was
  std::array<Piece, 2> pieces;
};

WriteInProgress::WriteInProgress() {
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw Fatal(describe_error("guard of stores", errno));
  shared_ = new (memory) Shared;
  shared_->piece = kNoPiece;
}

WriteInProgress::~WriteInProgress() { munmap(shared_, sizeof(Shared)); }

void WriteInProgress::begin(const struct stat& file) {
  shared_->file = file;
  announce(file.st_size, {});
}

void WriteInProgress::announce(off_t place, std::string_view piece) {
  const int next = shared_->piece == 0 ? 1 : 0;
  Shared::Piece& room = shared_->pieces.at(static_cast<std::size_t>(next));
  room.place = place;
  room.length = piece.size();
  piece.copy(room.bytes.data(), room.bytes.size());
  shared_->piece = next;
}

void WriteInProgress::end() { shared_->piece = kNoPiece; }

void WriteInProgress::undo(int file) const {
  const int index = shared_->piece;
  struct stat now {};
  if (index == kNoPiece || fstat(file, &now) != 0 || !same_file(now, shared_->file)) return;
  const Shared::Piece& piece = shared_->pieces.at(static_cast<std::size_t>(index));
  if (now.st_size <= shared_->file.st_size || now.st_size < piece.place) return;
  const auto written = static_cast<std::size_t>(now.st_size - piece.place);
  if (written > piece.length) return;
  std::string found(written, '\0');
  if (pread(file, found.data(), written, piece.place) != static_cast<ssize_t>(written)) return;
  if (std::memcmp(found.data(), piece.bytes.data(), written) != 0) return;
  if (ftruncate(file, shared_->file.st_size) != 0) return;
}

}  // namespace millrace::sink
