#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/output.h"
#include "base/time.h"
#include "net/socket.h"
#include "net/tls_filter.h"
#include "net/waiting_input.h"

namespace millrace::net {

class EventLoop;

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

// A connected socket with its output queue. The rules of when to read, write and close are
// here; how it is done is the engine's (net/event_loop.h). A filter such as TLS has its place
// between the two: what an engine receives passes received(), what it sends comes from the
// output queue, and sessions see neither (net/tls_filter.h).
class Stream {
 public:
  Stream(EventLoop& loop, StreamHandler& handler, Side side)
      : loop_(loop), handler_(handler), side_(side) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Takes over a connected socket and begins to read. It must have been made with the loop's
  // socket_flags().
  void open(FileDescriptor socket);

  // Connects `socket` to `address`, then reads. `address` must stay until the connection ends.
  void connect(FileDescriptor socket, const SocketAddress& address);

  // Where to append what is to be sent; outside of on_bytes() a flush() sends it.
  Output& output() { return tls_ ? tls_->plain() : queued_; }
  void flush();

  // Turns to TLS: all that comes from here on belongs to it, even what was read already and not
  // yet taken; what was appended before goes out in the clear.
  void secure(std::unique_ptr<TlsFilter> tls);
  // Null while there is none.
  [[nodiscard]] const TlsFilter* tls() const { return tls_.get(); }

  // Stops and resumes reading; what was read but not taken is offered first.
  void hold();
  void release();

  // Closes in order: sends what is queued, tells the peer, drops what still comes and ends when
  // the peer has closed too. The owner bounds the wait with abort().
  void finish();

  // Ends now. on_end() is called on this turn of the loop.
  void abort() { end(0); }

  // The address of this end.
  [[nodiscard]] SocketAddress local_address() const { return net::local_address(socket_); }

  // The memory that its queues hold, in bytes.
  [[nodiscard]] std::size_t storage() const;

  // When bytes last moved in either direction.
  [[nodiscard]] TimePoint last_progress() const { return last_progress_; }
  [[nodiscard]] bool finishing() const { return phase_ == Phase::finishing; }
  [[nodiscard]] bool all_sent() const {
    return queued_.empty() && sending_.empty() && (!tls_ || tls_->plain().empty());
  }

 private:
  friend class EventLoop;
  friend class EpollLoop;
  friend class UringLoop;
  friend class MadeUpLoop;  // tests/fuzz

  // More unsent output than this, and a server's reading pauses until the peer takes its replies.
  static constexpr std::size_t kOutputLimit = 256 * 1024;
  // Under TLS this much is encrypted ahead of what the peer has taken.
  static constexpr std::size_t kCipherLimit = 64 * 1024;
  // What the queues of a quiet stream may hold in memory.
  static constexpr std::size_t kQuietStorage = 16 * 1024;
  // What had to wait is offered in slices, since each may fill the output again.
  static constexpr std::size_t kOfferLimit = 16 * 1024;

  // Fewer bytes than the first number are not worth a system call of their own; more than the
  // second are dropped by several, so that progress is seen.
  static constexpr std::size_t kWorthDropping = 64 * 1024;
  static constexpr std::size_t kDropLimit = 4 * 1024 * 1024;

  enum class Phase : std::uint8_t { idle, connecting, open, finishing, ending, retired };

  // Whether the kernel drops what comes: TCP does (MSG_TRUNC, tcp(7)), other sockets would not.
  enum class Dropping : std::uint8_t { not_asked, impossible, possible };

  // Called by the engines.
  void connected();
  void received(std::string_view bytes);
  void dropped(std::uint64_t bytes);
  void received_end();
  void sent();
  void end(int error);
  // Whether there is something in queued_ for the engine to send; under TLS more is encrypted.
  bool fill_queue();

  // Nothing is to happen any more but on_end(), or that has been called.
  [[nodiscard]] bool ended() const {
    return phase_ == Phase::idle || phase_ == Phase::ending || phase_ == Phase::retired;
  }
  // Whether all that was appended has gone out, be it that the goodbye of TLS has not.
  [[nodiscard]] bool delivered() const { return all_sent() || (tls_ && tls_->close_sent()); }
  // The peer does not take what we send: what it sends has to wait.
  [[nodiscard]] bool choked() const {
    return side_ == Side::server &&
           queued_.size() + (tls_ ? tls_->plain().size() : 0) > kOutputLimit;
  }
  [[nodiscard]] bool wants_input() const;
  // How many of the bytes that come next the engine is to have the kernel drop; 0: none, or so few
  // that it would not pay.
  [[nodiscard]] std::size_t droppable();
  void take(std::string_view bytes);
  void decrypt(std::string_view bytes);
  void fail();
  void offer_waiting();
  std::size_t offer(std::string_view bytes);
  void update_reading();
  void settle();
  // Returns whether there was nothing in the queues, so that their memory could go.
  bool give_back_storage();
  void drop_storage();

  EventLoop& loop_;
  StreamHandler& handler_;
  const Side side_;
  FileDescriptor socket_;
  Output queued_;   // appended, not yet handed to the engine
  Output sending_;  // in the kernel's hands (io_uring only)
  WaitingInput waiting_;
  std::unique_ptr<TlsFilter> tls_;
  TimePoint last_progress_{};
  int error_ = 0;
  Phase phase_ = Phase::idle;
  Dropping dropping_ = Dropping::not_asked;
  bool held_ = false;
  bool offering_ = false;   // waiting_ is being offered, further up the stack
  bool peer_done_ = false;  // the peer sends no more
  bool shut_down_ = false;  // we send no more
  bool grown_ = false;      // the loop has it on its list

  // The engine's marks: operations that the kernel holds, and what was missed while not reading.
  bool reading_ = false;
  bool writing_ = false;
  bool connecting_ = false;
  bool cancelling_ = false;
  bool dropping_now_ = false;
  bool missed_input_ = false;
};

}  // namespace millrace::net
