#include "net/stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/event_loop.h"

namespace millrace::net {

void Stream::open(FileDescriptor socket) {
  socket_ = std::move(socket);
  queued_.clear();
  sending_.clear();
  waiting_.clear();
  tls_.reset();
  dropping_ = Dropping::not_asked;
  held_ = peer_done_ = shut_down_ = missed_input_ = false;
  error_ = 0;
  phase_ = Phase::open;
  last_progress_ = loop_.now();
  loop_.adopt(*this);
  update_reading();
}

void Stream::connect(FileDescriptor socket, const SocketAddress& address) {
  socket_ = std::move(socket);
  phase_ = Phase::connecting;
  last_progress_ = loop_.now();
  loop_.begin_connect(*this, address);
}

void Stream::connected() {
  open(std::move(socket_));
  handler_.on_connected();
  flush();
}

void Stream::flush() {
  if (phase_ != Phase::open && phase_ != Phase::finishing) return;
  if (!writing_ && fill_queue()) loop_.begin_write(*this);
  settle();
}

bool Stream::fill_queue() {
  if (tls_ && queued_.size() < kCipherLimit) tls_->encrypt(queued_, kCipherLimit);
  return !queued_.empty();
}

void Stream::secure(std::unique_ptr<TlsFilter> tls) {
  tls_ = std::move(tls);
  // What is being offered just now is decrypted further up the stack, once its end is known.
  decrypt(offering_ ? std::string() : waiting_.take_all());
}

void Stream::hold() {
  held_ = true;
  update_reading();
}

void Stream::release() {
  held_ = false;
  offer_waiting();
  update_reading();
  settle();
}

void Stream::finish() {
  if (phase_ != Phase::open) return;
  phase_ = Phase::finishing;
  held_ = false;
  waiting_.clear();
  update_reading();
  flush();
}

void Stream::received(std::string_view bytes) {
  last_progress_ = loop_.now();
  if (phase_ != Phase::open) return;  // finishing: what still comes is dropped
  if (tls_) {
    decrypt(bytes);
  } else {
    take(bytes);
  }
  update_reading();
}

void Stream::dropped(std::uint64_t bytes) {
  last_progress_ = loop_.now();
  if (phase_ != Phase::open) return;
  handler_.on_dropped(bytes);
  flush();
  update_reading();
}

std::size_t Stream::droppable() {
  if (phase_ != Phase::open || tls_ || !wants_input()) return 0;
  const std::uint64_t bytes = handler_.unwanted();
  if (bytes < kWorthDropping || dropping_ == Dropping::impossible) return 0;
  if (dropping_ == Dropping::not_asked) {
    const bool tcp = local_address().family() != AF_UNIX;
    dropping_ = tcp ? Dropping::possible : Dropping::impossible;
  }
  return dropping_ == Dropping::possible
             ? static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kDropLimit))
             : 0;
}

// Offers plain text to the handler, or keeps it until that may be.
void Stream::take(std::string_view bytes) {
  if (held_ || choked() || !waiting_.empty()) {
    waiting_.append(bytes);
    return;
  }
  const bool in_the_clear = tls_ == nullptr;
  const std::string_view rest = bytes.substr(offer(bytes));
  if (phase_ != Phase::open || rest.empty()) return;
  if (in_the_clear && tls_) return decrypt(rest);
  waiting_.append(rest);
  offer_waiting();  // unless the handler holds it: it may have let go again in the same call
}

void Stream::decrypt(std::string_view bytes) {
  tls_->feed(bytes);
  std::string_view plain;
  while (phase_ == Phase::open) {
    switch (tls_->advance(queued_, plain)) {
      case TlsFilter::Event::more:
        return flush();
      case TlsFilter::Event::secured:
        handler_.on_secured();
        flush();
        break;
      case TlsFilter::Event::data:
        take(plain);
        break;
      case TlsFilter::Event::closed:
        return received_end();
      case TlsFilter::Event::failed:
        return fail();
    }
  }
}

// The handshake or a record was wrong: tells the peer so, and ends.
void Stream::fail() {
  handler_.on_tls_failure(tls_->failure());
  error_ = EPROTO;
  finish();
}

std::size_t Stream::offer(std::string_view bytes) {
  const std::size_t taken = handler_.on_bytes(bytes);
  flush();
  return taken;
}

void Stream::offer_waiting() {
  if (std::exchange(offering_, true)) return;
  const bool in_the_clear = tls_ == nullptr;
  while (phase_ == Phase::open && !held_ && !choked() && !waiting_.empty()) {
    // Handed over as a copy: what happens meanwhile may clear the original.
    const std::string slice(waiting_.view().substr(0, kOfferLimit));
    const std::size_t taken = offer(slice);
    waiting_.take(taken);
    if (in_the_clear && tls_) break;
  }
  offering_ = false;
  if (in_the_clear && tls_) decrypt(waiting_.take_all());
}

void Stream::received_end() {
  peer_done_ = true;
  settle();
}

void Stream::sent() {
  last_progress_ = loop_.now();
  if (storage() > kQuietStorage) {
    // What TLS made of a large message is not kept for the next one.
    if (tls_ && all_sent()) drop_storage();
    loop_.note_grown(*this);
  }
  if (held_ && phase_ == Phase::open) handler_.on_all_sent();
  offer_waiting();
  update_reading();
  settle();
}

std::size_t Stream::storage() const {
  return queued_.storage() + sending_.storage() + waiting_.storage() +
         (tls_ ? tls_->plain().storage() : 0);
}

bool Stream::give_back_storage() {
  if (!all_sent()) return false;
  drop_storage();
  if (tls_) std::exchange(tls_->plain(), {});
  return true;
}

// By an exchange: an assignment of what is empty would keep the memory.
void Stream::drop_storage() {
  std::exchange(queued_, {});
  std::exchange(sending_, {});
}

// Moves a closing stream on: once all is sent, the peer is told; once the peer has closed as
// well, and nothing that it sent is still to be answered, the stream ends.
void Stream::settle() {
  if (phase_ == Phase::finishing && all_sent() && tls_ && !tls_->close_sent()) {
    tls_->close(queued_);
    return flush();
  }
  if (phase_ == Phase::finishing && all_sent() && !shut_down_) {
    shut_down_ = true;
    if (!peer_done_) shutdown(socket_.descriptor(), SHUT_WR);
  }
  if (!peer_done_ || !all_sent() || held_ || !waiting_.empty()) return;
  end(0);
}

void Stream::end(int error) {
  if (ended()) return;
  // After our own goodbye it does not matter how the peer hangs up.
  if (phase_ != Phase::finishing || (!delivered() && error_ == 0)) error_ = error;
  phase_ = Phase::ending;
  loop_.begin_close(*this);
}

bool Stream::wants_input() const {
  if (peer_done_) return false;
  if (phase_ == Phase::finishing) return true;
  // While something waits there is no room for more: the engine may have the whole output in its
  // hands, so that choked() does not tell.
  return phase_ == Phase::open && !held_ && !choked() && waiting_.empty();
}

void Stream::update_reading() {
  if (ended()) return;
  if (wants_input() == reading_) return;
  if (reading_) {
    loop_.stop_reading(*this);
  } else {
    loop_.begin_reading(*this);
  }
}

}  // namespace millrace::net
