#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/output.h"
#include "base/time.h"
#include "net/engine.h"
#include "net/socket.h"
#include "net/tls_filter.h"

namespace millrace::net {

// What a stream tells its owner, on the loop's thread.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;

  // The connection that connect() began is there.
  virtual void on_connected() = 0;

  // The handshake that secure() began is done: what comes in and goes out is protected.
  virtual void on_secured() {}

  // TLS has failed, as `what` says: the stream tells the peer and finishes by itself.
  virtual void on_tls_failure(std::string_view /*what*/) {}

  // Bytes came in. Returns how many were taken: all, unless the handler called hold(); the
  // stream keeps the rest and offers it again after release(). What the handler appends to
  // output() is sent when it returns.
  virtual std::size_t on_bytes(std::string_view bytes) = 0;

  // All that was appended is sent. Told only while reading is held.
  virtual void on_all_sent() {}

  // How many of the bytes that come next nobody needs. Where the kernel can, they never leave it,
  // and on_dropped() takes the place of on_bytes() for some of them. To be called only when bytes
  // are awaited.
  [[nodiscard]] virtual std::uint64_t unwanted() const { return 0; }
  virtual void on_dropped(std::uint64_t /*bytes*/) {}

  // The stream has ended, by whichever side; the last call. `error`: an errno value, or 0 when it
  // was closed in order, or was lost when all of a finish() had been sent. From here on the stream
  // may be destroyed, or used anew.
  virtual void on_end(int error) = 0;
};

// Which end of the dialogue a stream is. A server stops reading while its peer does not take the
// replies: nobody can make it hold more than kOutputLimit of them. A client always reads: what
// waits to be sent is its own mail, a server may answer at any moment, and one that is not read
// from must not be made to stop reading in its turn (RFC 2920, 3.1).
enum class Side : std::uint8_t { client, server };

// A connected socket with its output queue, as its owner sees it. How it is read, written and
// closed is the engine's, which sees it as a Channel (net/engine.h). A filter such as TLS has its
// place between the two: what an engine receives passes received(), what it sends comes from the
// output queue, and sessions see neither (net/tls_filter.h).
class Stream : private Channel {
 public:
  Stream(EventLoop& loop, StreamHandler& handler, Side side) : Channel(loop, handler, side) {}

  // Takes over a connected socket and begins to read. It must have been made with the loop's
  // socket_flags().
  void open(FileDescriptor socket);

  // Connects `socket` to `address`, then reads. `address` must stay until the connection ends.
  void connect(FileDescriptor socket, const SocketAddress& address);

  // Where to append what is to be sent; outside of on_bytes() a flush() sends it.
  Output& output() { return tls_ ? tls_->plain() : queued_; }
  void flush() { Channel::flush(); }

  // Turns to TLS: all that comes from here on belongs to it, even what was read already and not
  // yet taken; what was appended before goes out in the clear.
  void secure(std::unique_ptr<TlsFilter> tls);
  // Asks for another handshake (TlsFilter::renegotiate()); the first one must be done.
  void renegotiate();
  // Null while there is none.
  [[nodiscard]] const TlsFilter* tls() const { return tls_.get(); }

  // Stops and resumes reading; what was read but not taken is offered first.
  void hold();
  void release();

  // What has come and was not offered yet, so much of its front: a look that takes nothing. In the
  // clear only.
  [[nodiscard]] std::string unread(std::size_t most) const;

  // While output is still to come for what was taken, a peer that sends no more does not end the
  // stream, as it does once all is sent. When it is no longer so a flush() is due.
  void expect_output(bool expected) { output_expected_ = expected; }

  // Looks whether the peer is still there, which nobody tells while reading is held. One that takes
  // nothing any more ends the stream. Returns whether it is only that it sends no more, and all of
  // it was taken.
  bool peer_has_finished();

  // Closes in order: sends what is queued, tells the peer, drops what still comes and ends when
  // the peer has closed too. The owner bounds the wait with abort().
  void finish() { Channel::finish(); }

  // Sends what is queued and then tells the peer that no more comes, but reads on. Nothing may be
  // appended any more. The stream ends when the peer has closed too.
  void end_output() { Channel::end_output(); }

  // Sends what is queued, then resets the connection instead of closing it in order.
  void reset();

  // Ends now. on_end() is called on this turn of the loop.
  void abort() { end(0); }

  // How much has been sent on this connection, encrypted under TLS, also when it has ended; and how
  // much waits to be, where plain text counts as it is. Their sum, taken when something has just
  // been appended, is a position that sent() reaches no later than that has left.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::size_t unsent() const {
    return queued_.size() + in_flight_.size() + (tls_ ? tls_->plain().size() : 0);
  }

  // How much has come in on this connection, encrypted under TLS, but for what the kernel dropped.
  [[nodiscard]] std::uint64_t received_bytes() const { return received_; }

  // The address of this end.
  [[nodiscard]] SocketAddress local_address() const { return net::local_address(socket_); }

  // The memory that its queues hold, in bytes.
  [[nodiscard]] std::size_t storage() const { return Channel::storage(); }

  // When bytes last moved in either direction.
  [[nodiscard]] TimePoint last_progress() const { return Channel::last_progress(); }
  // When they last went out, or the connection was begun.
  [[nodiscard]] TimePoint last_sent() const { return Channel::last_sent(); }
  [[nodiscard]] bool finishing() const { return phase_ == ChannelPhase::finishing; }
  [[nodiscard]] bool all_sent() const { return Channel::all_sent(); }
};

}  // namespace millrace::net
