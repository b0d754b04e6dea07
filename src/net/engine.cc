#include "net/engine.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "net/event_loop.h"
#include "net/stream.h"

namespace millrace::net {
namespace {

// More unsent output than this, and a server's reading pauses until the peer takes its replies.
constexpr std::size_t kOutputLimit = 256 * 1024;
// Under TLS this much is encrypted ahead of what the peer has taken.
constexpr std::size_t kCipherLimit = 64 * 1024;
// What the queues of a quiet stream may hold in memory.
constexpr std::size_t kQuietStorage = 16 * 1024;
// What had to wait is offered in slices, since each may fill the output again.
constexpr std::size_t kOfferLimit = 16 * 1024;

// Fewer bytes than the first number are not worth a system call of their own; more than the
// second are dropped by several, so that progress is seen.
constexpr std::size_t kWorthDropping = 64 * 1024;
constexpr std::size_t kDropLimit = 4 * 1024 * 1024;

}  // namespace

// Connected, with nothing of an earlier connection.
void Channel::begin() {
  queued_.clear();
  in_flight_.clear();
  waiting_.clear();
  tls_.reset();
  dropping_ = Dropping::not_asked;
  held_ = output_expected_ = peer_done_ = output_ended_ = ends_output_ = resets_ = false;
  error_ = 0;
  sent_ = received_ = 0;
  phase_ = ChannelPhase::open;
  last_progress_ = last_sent_ = loop_.now();
}

void Channel::connected() {
  begin();
  update_reading();
  handler_.on_connected();
  flush();
}

void Channel::flush() {
  if (phase_ != ChannelPhase::open && phase_ != ChannelPhase::finishing) return;
  if (!writing_ && fill_queue()) {
    writing_ = true;
    loop_.begin_write(*this);
  }
  settle();
}

bool Channel::fill_queue() {
  if (tls_ && queued_.size() < kCipherLimit) tls_->encrypt(queued_, kCipherLimit);
  return !queued_.empty();
}

void Channel::finish() {
  if (phase_ != ChannelPhase::open) return;
  phase_ = ChannelPhase::finishing;
  held_ = output_expected_ = false;
  waiting_.clear();
  update_reading();
  flush();
}

void Channel::end_output() {
  if (phase_ != ChannelPhase::open) return;
  ends_output_ = true;
  flush();
}

void Channel::received(std::string_view bytes) {
  last_progress_ = loop_.now();
  received_ += bytes.size();
  if (phase_ != ChannelPhase::open) return;  // finishing: what still comes is dropped
  if (tls_) {
    decrypt(bytes);
  } else {
    take(bytes);
  }
  update_reading();
}

void Channel::dropped(std::uint64_t bytes) {
  last_progress_ = loop_.now();
  if (phase_ != ChannelPhase::open) return;
  handler_.on_dropped(bytes);
  flush();
  update_reading();
}

std::size_t Channel::droppable() {
  if (phase_ != ChannelPhase::open || tls_ || !wants_input()) return 0;
  const std::uint64_t bytes = handler_.unwanted();
  if (bytes < kWorthDropping || dropping_ == Dropping::impossible) return 0;
  if (dropping_ == Dropping::not_asked) {
    const bool tcp = local_address(socket_).family() != AF_UNIX;
    dropping_ = tcp ? Dropping::possible : Dropping::impossible;
  }
  return dropping_ == Dropping::possible
             ? static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kDropLimit))
             : 0;
}

// Offers plain text to the handler, or keeps it until that may be.
void Channel::take(std::string_view bytes) {
  if (held_ || choked() || !waiting_.empty()) {
    waiting_.append(bytes);
    return;
  }
  const bool in_the_clear = tls_ == nullptr;
  const std::string_view rest = bytes.substr(offer(bytes));
  if (phase_ != ChannelPhase::open || rest.empty()) return;
  if (in_the_clear && tls_) return decrypt(rest);
  waiting_.append(rest);
  offer_waiting();  // unless the handler holds it: it may have let go again in the same call
}

void Channel::decrypt(std::string_view bytes) {
  tls_->feed(bytes);
  std::string_view plain;
  while (phase_ == ChannelPhase::open) {
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
void Channel::fail() {
  handler_.on_tls_failure(tls_->failure());
  error_ = EPROTO;
  finish();
}

std::size_t Channel::offer(std::string_view bytes) {
  const std::size_t taken = handler_.on_bytes(bytes);
  flush();
  return taken;
}

void Channel::offer_waiting() {
  if (std::exchange(offering_, true)) return;
  const bool in_the_clear = tls_ == nullptr;
  while (phase_ == ChannelPhase::open && !held_ && !choked() && !waiting_.empty()) {
    // Handed over as a copy: what happens meanwhile may clear the original.
    const std::string slice(waiting_.view().substr(0, kOfferLimit));
    const std::size_t taken = offer(slice);
    waiting_.take(taken);
    if (in_the_clear && tls_) break;
  }
  offering_ = false;
  if (in_the_clear && tls_) decrypt(waiting_.take_all());
}

void Channel::received_end() {
  peer_done_ = true;
  settle();
}

void Channel::written(std::size_t bytes) {
  (in_flight_.empty() ? queued_ : in_flight_).consume(bytes);
  sent_ += bytes;
  last_progress_ = last_sent_ = loop_.now();
}

void Channel::all_written() {
  writing_ = false;
  last_progress_ = loop_.now();
  if (storage() > kQuietStorage) {
    // What TLS made of a large message is not kept for the next one.
    if (tls_ && all_sent()) drop_storage();
    if (!std::exchange(grown_, true)) loop_.note_grown(*this);
  }
  if (held_ && phase_ == ChannelPhase::open) handler_.on_all_sent();
  offer_waiting();
  update_reading();
  settle();
}

std::size_t Channel::storage() const {
  return queued_.storage() + in_flight_.storage() + waiting_.storage() +
         (tls_ ? tls_->plain().storage() : 0);
}

bool Channel::give_back_storage() {
  if (!all_sent()) return false;
  drop_storage();
  if (tls_) std::exchange(tls_->plain(), {});
  grown_ = false;
  return true;
}

// By an exchange: an assignment of what is empty would keep the memory.
void Channel::drop_storage() {
  std::exchange(queued_, {});
  std::exchange(in_flight_, {});
}

// Moves a closing stream on: once all is sent, the peer is told; once the peer has closed as
// well, and nothing that it sent is still to be answered, the stream ends.
void Channel::settle() {
  if (phase_ == ChannelPhase::finishing && all_sent() && resets_) return end(0);
  if (phase_ == ChannelPhase::finishing && all_sent() && tls_ && !tls_->close_sent() &&
      !output_ended_) {
    tls_->close(queued_);
    return flush();
  }
  const bool ends_output = phase_ == ChannelPhase::finishing || ends_output_;
  if (ends_output && all_sent() && !output_ended_) {
    output_ended_ = true;
    if (!peer_done_) loop_.end_output(*this);
  }
  if (!peer_done_ || !all_sent() || held_ || output_expected_ || !waiting_.empty()) return;
  end(0);
}

void Channel::end(int error) {
  if (ended()) return;
  // After our own goodbye it does not matter how the peer hangs up.
  if (phase_ != ChannelPhase::finishing || (!delivered() && error_ == 0)) error_ = error;
  phase_ = ChannelPhase::ending;
  reading_ = writing_ = false;
  loop_.begin_close(*this);
}

void Channel::closed() {
  if (phase_ == ChannelPhase::retired) return;
  phase_ = ChannelPhase::retired;
  if (std::exchange(grown_, false)) loop_.forget_grown(*this);
  loop_.retire(*this);
}

void Channel::tell_end() {
  phase_ = ChannelPhase::idle;
  handler_.on_end(error_);
}

// The peer does not take what we send: what it sends has to wait.
bool Channel::choked() const {
  return side_ == Side::server && queued_.size() + (tls_ ? tls_->plain().size() : 0) > kOutputLimit;
}

bool Channel::wants_input() const {
  if (peer_done_) return false;
  if (phase_ == ChannelPhase::finishing) return true;
  // While something waits there is no room for more: the engine may have the whole output in its
  // hands, so that choked() does not tell.
  return phase_ == ChannelPhase::open && !held_ && !choked() && waiting_.empty();
}

void Channel::update_reading() {
  if (ended()) return;
  if (wants_input() == reading_) return;
  if (reading_) {
    loop_.stop_reading(*this);
  } else {
    reading_ = true;
    loop_.begin_reading(*this);
  }
}

}  // namespace millrace::net
