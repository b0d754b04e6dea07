#include "fleet/tcp_post.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::fleet {
namespace {

// More than any letter has: a report of a thousand workers and a week.
constexpr std::uint64_t kMostText = std::uint64_t{1} << 30;

// A letter goes out as its subject, the length of its text, the lowest byte first, and that.
constexpr std::size_t kHead = 1 + 8;

std::string head_of(const Piece& piece) {
  std::string head(1, static_cast<char>(piece.subject));
  for (unsigned byte = 0; byte < 8; ++byte) {
    head += static_cast<char>(piece.text.size() >> (8 * byte));
  }
  return head;
}

iovec behind(std::string_view text, std::size_t begun) {
  const std::string_view rest = text.substr(std::min(begun, text.size()));
  return {.iov_base = const_cast<char*>(rest.data()), .iov_len = rest.size()};
}

std::uint64_t length_in(std::string_view head) {
  std::uint64_t length = 0;
  for (unsigned byte = 0; byte < 8; ++byte) {
    length |= std::uint64_t{static_cast<unsigned char>(head[1 + byte])} << (8 * byte);
  }
  return length;
}

}  // namespace

TcpPost::TcpPost(unsigned rank, std::vector<FileDescriptor> connections)
    : rank_(rank), peers_(connections.size()), ready_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!ready_.valid()) throw Fatal(describe_error("epoll_create1", errno));
  for (unsigned other = 0; other < peers_.size(); ++other) {
    if (!connections[other].valid()) continue;
    peers_[other].socket = std::move(connections[other]);
    epoll_event wanted{.events = EPOLLIN, .data = {.u32 = other}};
    if (epoll_ctl(ready_.descriptor(), EPOLL_CTL_ADD, peers_[other].socket.descriptor(), &wanted) !=
        0) {
      throw Fatal(describe_error("epoll_ctl", errno));
    }
  }
}

void TcpPost::send(unsigned rank, Letter letter) {
  const auto whole = std::make_shared<const std::string>(std::move(letter.text));
  send_piece(rank, {.subject = letter.subject, .whole = whole, .text = *whole});
}

void TcpPost::send_piece(unsigned rank, Piece piece) {
  Peer& peer = peers_[rank];
  if (!peer.socket.valid()) return;
  const std::uint64_t end = peer.ends.empty() ? peer.written : peer.ends.back();
  std::string head = head_of(piece);
  peer.queue.push_back({.head = std::move(head), .piece = std::move(piece)});
  peer.ends.push_back(end + peer.queue.back().size());
  write(peer);
}

void TcpPost::write(Peer& peer) {
  while (!peer.queue.empty()) {
    const Frame& first = peer.queue.front();
    const std::size_t head = first.head.size();
    std::array<iovec, 2> parts{behind(first.head, peer.begun),
                               behind(first.piece.text, peer.begun > head ? peer.begun - head : 0)};
    const msghdr message{.msg_iov = parts.data(), .msg_iovlen = parts.size()};
    const ssize_t sent = sendmsg(peer.socket.descriptor(), &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) break;  // there is no room, or nobody: that is told where it is read
    peer.begun += static_cast<std::size_t>(sent);
    peer.written += static_cast<std::uint64_t>(sent);
    if (peer.begun < first.size()) continue;
    peer.queue.pop_front();
    peer.begun = 0;
  }
  const std::uint64_t there = arrived(peer);
  while (!peer.ends.empty() && peer.ends.front() <= there) peer.ends.pop_front();
}

// Bytes that the other host has said to have. At first what is on its way may be older than
// letters.
std::uint64_t TcpPost::arrived(const Peer& peer) {
  int unsaid = 0;
  ioctl(peer.socket.descriptor(), SIOCOUTQ, &unsaid);
  return peer.written - std::min(peer.written, static_cast<std::uint64_t>(unsaid));
}

unsigned TcpPost::waiting(unsigned rank) const {
  const Peer& peer = peers_[rank];
  if (!peer.socket.valid()) return 0;
  const auto first = std::upper_bound(peer.ends.begin(), peer.ends.end(), arrived(peer));
  return static_cast<unsigned>(peer.ends.end() - first);
}

std::optional<Addressed> TcpPost::receive() {
  if (got_.empty()) {
    for (Peer& peer : peers_) {
      if (peer.socket.valid() && !peer.queue.empty()) write(peer);
    }
    std::array<epoll_event, 64> events{};
    const int ready =
        epoll_wait(ready_.descriptor(), events.data(), static_cast<int>(events.size()), 0);
    for (int n = 0; n < ready; ++n) read(events[static_cast<std::size_t>(n)].data.u32);
  }
  if (got_.empty()) return std::nullopt;
  Addressed got = std::move(got_.front());
  got_.pop_front();
  return got;
}

// As much as one read gives, so that nobody holds up the others. Where that is no whole letter it
// is a sign of life: a report may take a while.
void TcpPost::read(unsigned rank) {
  Peer& peer = peers_[rank];
  std::array<char, 65'536> bytes;
  const ssize_t got = recv(peer.socket.descriptor(), bytes.data(), bytes.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got > 0) {
    peer.incoming.append(bytes.data(), static_cast<std::size_t>(got));
    if (take_letters(rank)) return;
  }
  peer.socket = FileDescriptor();
  got_.push_back({.rank = rank, .letter = {.subject = Subject::gone, .text = {}}});
}

bool TcpPost::take_letters(unsigned rank) {
  std::string& incoming = peers_[rank].incoming;
  std::size_t taken = 0;
  for (;;) {
    const std::string_view rest = std::string_view(incoming).substr(taken);
    if (rest.size() < kHead) break;
    const std::uint64_t length = length_in(rest);
    if (length > kMostText) return false;
    if (rest.size() - kHead < length) break;
    got_.push_back({.rank = rank,
                    .letter = {.subject = static_cast<Subject>(rest.front()),
                               .text = std::string(rest.substr(kHead, length))}});
    taken += kHead + length;
  }
  incoming.erase(0, taken);
  if (taken == 0) got_.push_back({.rank = rank, .letter = {.subject = Subject::alive, .text = {}}});
  return true;
}

}  // namespace millrace::fleet
