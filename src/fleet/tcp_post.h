#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "fleet/post.h"

namespace millrace::fleet {

// Letters over a TCP connection to each rank that there is something to say to. Ends of connections
// are told as letters, too: a process that is killed, on whichever host, is noticed at once.
class TcpPost : public Post {
 public:
  // `connections`: by rank, of `rank` itself and of those that it says nothing to not valid; they
  // do not block. Throws Fatal.
  TcpPost(unsigned rank, std::vector<FileDescriptor> connections);

  [[nodiscard]] unsigned rank() const override { return rank_; }
  [[nodiscard]] unsigned ranks() const override { return static_cast<unsigned>(peers_.size()); }
  void send(unsigned rank, Letter letter) override;
  void send_piece(unsigned rank, Piece piece) override;
  std::optional<Addressed> receive() override;
  // Until the other host has them.
  [[nodiscard]] unsigned waiting(unsigned rank) const override;
  void close() override {}

 private:
  // A letter as it goes out.
  struct Frame {
    std::string head;
    Piece piece;

    [[nodiscard]] std::size_t size() const { return head.size() + piece.text.size(); }
  };
  struct Peer {
    FileDescriptor socket;  // until it has ended
    std::deque<Frame> queue;
    std::size_t begun = 0;           // bytes of the first that have
    std::uint64_t written = 0;       // bytes of all
    std::deque<std::uint64_t> ends;  // of letters that were on their way, in those
    std::string incoming;            // of a letter that is not all there
  };

  void write(Peer& peer);
  void read(unsigned rank);
  // False where what came is no letter.
  bool take_letters(unsigned rank);
  static std::uint64_t arrived(const Peer& peer);

  unsigned rank_;
  std::vector<Peer> peers_;
  FileDescriptor ready_;  // epoll: those that there is something of
  std::deque<Addressed> got_;
};

}  // namespace millrace::fleet
