#include "net/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/event_loop.h"

namespace millrace::net {

void Stream::open(FileDescriptor socket) {
  socket_ = std::move(socket);
  begin();
  loop_.adopt(*this);
  update_reading();
}

void Stream::connect(FileDescriptor socket, const SocketAddress& address) {
  socket_ = std::move(socket);
  phase_ = ChannelPhase::connecting;
  last_progress_ = last_sent_ = loop_.now();
  loop_.begin_connect(*this, address);
}

void Stream::secure(std::unique_ptr<TlsFilter> tls) {
  tls_ = std::move(tls);
  // What is being offered just now is decrypted further up the stack, once its end is known.
  decrypt(offering_ ? std::string() : waiting_.take_all());
}

void Stream::renegotiate() {
  tls_->renegotiate(queued_);
  flush();
}

void Stream::reset() {
  if (phase_ != ChannelPhase::open) return;
  reset_on_close(socket_);
  resets_ = true;
  finish();
}

void Stream::hold() {
  held_ = true;
  update_reading();
}

bool Stream::peer_has_finished() {
  const PeerState peer = peer_state(socket_);
  if (peer == PeerState::gone) end(ECONNRESET);
  return peer == PeerState::finished && waiting_.empty();
}

std::string Stream::unread(std::size_t most) const {
  std::string bytes(waiting_.view().substr(0, most));
  if (!bytes.empty()) return bytes;
  bytes.resize(most);
  const ssize_t there = recv(socket_.descriptor(), bytes.data(), most, MSG_PEEK | MSG_DONTWAIT);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(there, 0)));
  return bytes;
}

void Stream::release() {
  held_ = false;
  offer_waiting();
  update_reading();
  settle();
}

}  // namespace millrace::net
