// The contract between a stream and the engine that moves its bytes: who calls what, and when.
//
// A stream knows what is wanted, an engine what the kernel does, and neither writes what the other
// keeps: the stream has what it asked for and has not been answered (reading(), writing()), the
// engine what the kernel holds, in a type of its own (EngineState).
//
// Down, from the stream to its engine (StreamEngine):
//
//   call           when                                     what the engine answers
//   adopt          first, the socket being connected        failed() where it cannot
//   begin_connect  first, the socket not being so           connected(), later; failed()
//   begin_reading  input is wanted, and not reading()       received(), dropped(), received_end(),
//                                                           all of them later
//   stop_reading   reading(), and no input is wanted; it    reading_ended(), at once or later; what
//                  may be said again until it has stopped   comes until then is told
//   begin_write    output is queued, and not writing()      written(), and all_written() when
//                                                           fill_queue() finds no more; at once or
//                                                           later
//   end_output     once, when all has been written, the     -
//                  peer not having closed
//   begin_close    once; the last                           closed(), at once or later
//
// Up, from the engine to the stream (Channel):
//
//   call            when                                    what may be called down meanwhile
//   connected       once, after begin_connect()             any but adopt and begin_connect
//   received        after begin_reading(); the bytes are    the same
//                   the engine's again when it returns
//   dropped         after begin_reading(), of no more       the same
//                   than droppable() said
//   received_end    the peer sends no more                  begin_write, begin_close
//   reading_ended   what begin_reading() asked for is       -
//                   over, be it that the last of it is
//                   told next
//   update_reading  when that has been told; more often     begin_reading, stop_reading
//                   does no harm
//   written         a part of what is queued, or in         -
//                   flight, has gone
//   all_written     fill_queue() found no more              any but adopt and begin_connect
//   failed          until begin_close()                     begin_close
//   closed          the kernel holds nothing any more;      -
//                   more often does no harm
//
// Whatever may call begin_close() down may have ended the stream: the engine looks at ended()
// before it goes on, and then has only closed() to say. No call destroys a stream. Its owner is
// told of the end by the loop, when the turn in which the engine said closed() is over, and from
// then on it may be gone or be opened anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/file_descriptor.h"
#include "base/output.h"
#include "base/time.h"
#include "net/socket.h"
#include "net/tls_filter.h"
#include "net/waiting_input.h"

namespace millrace::net {

class Channel;
class EventLoop;
class StreamHandler;
enum class Side : std::uint8_t;

// What a stream asks of its engine.
class StreamEngine {
 public:
  virtual ~StreamEngine() = default;

  virtual void adopt(Channel& channel) = 0;
  // `address` stays until the connection ends.
  virtual void begin_connect(Channel& channel, const SocketAddress& address) = 0;
  virtual void begin_reading(Channel& channel) = 0;
  virtual void stop_reading(Channel& channel) = 0;
  virtual void begin_write(Channel& channel) = 0;
  // Tells the peer that no more will be sent.
  virtual void end_output(Channel& channel) = 0;
  // Takes back what the kernel holds, and closes the socket.
  virtual void begin_close(Channel& channel) = 0;
};

// What an engine keeps of a stream: a small plain type that it alone knows. The stream has the room
// for it, and never looks at it.
class EngineState {
 public:
  // Begins anew: the first that adopt() and begin_connect() do.
  template <typename State>
  State& begin() {
    static_assert(sizeof(State) <= sizeof(room_));
    static_assert(alignof(State) == 1);
    static_assert(std::is_trivially_copyable_v<State>);
    return *new (room_) State;
  }
  template <typename State>
  [[nodiscard]] State& as() {
    return *std::launder(reinterpret_cast<State*>(room_));
  }

 private:
  std::byte room_[8]{};
};

// A stream as its engine sees it. The rules of when to read, write and close are here; its owner
// sees it as a Stream (net/stream.h).
class Channel {
 public:
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // What the engine tells: the calls up.
  void connected();
  void received(std::string_view bytes);
  void dropped(std::uint64_t bytes);
  void received_end();
  void reading_ended() { reading_ = false; }
  void update_reading();
  void written(std::size_t bytes);
  void all_written();
  // `error`: an errno value.
  void failed(int error) { end(error); }
  void closed();

  // What the engine asks.

  // Nothing is to happen any more but closed(), or that has been said.
  [[nodiscard]] bool ended() const {
    return phase_ == ChannelPhase::idle || phase_ == ChannelPhase::ending ||
           phase_ == ChannelPhase::retired;
  }
  // begin_reading() was called, reading_ended() was not.
  [[nodiscard]] bool reading() const { return reading_; }
  // begin_write() was called, all_written() was not.
  [[nodiscard]] bool writing() const { return writing_; }
  // How many of the bytes that come next the engine is to have the kernel drop; 0: none, or so few
  // that it would not pay.
  [[nodiscard]] std::size_t droppable();

  // What the engine works with.
  [[nodiscard]] EngineState& engine_state() { return engine_state_; }
  [[nodiscard]] int descriptor() const { return socket_.descriptor(); }
  // For begin_close().
  [[nodiscard]] FileDescriptor take_socket() { return std::move(socket_); }
  // Whether there is something to send in queued(); under TLS more is encrypted.
  bool fill_queue();
  // What is to be sent next. It changes whenever something is appended.
  [[nodiscard]] const Output& queued() const { return queued_; }
  // An engine that leaves output to the kernel for a while puts all of it where it does not change.
  // To be called only when nothing is in flight.
  void put_in_flight() { std::swap(queued_, in_flight_); }
  [[nodiscard]] const Output& in_flight() const { return in_flight_; }

  // What the loop tells and asks, whichever the engine.

  // The turn in which it was closed is over.
  void tell_end();
  // When bytes last moved in either direction.
  [[nodiscard]] TimePoint last_progress() const { return last_progress_; }
  // When bytes last went out.
  [[nodiscard]] TimePoint last_sent() const { return last_sent_; }
  // After EventLoop::note_grown(). Returns whether there was nothing in the queues, so that their
  // memory could go.
  bool give_back_storage();

 protected:
  Channel(EventLoop& loop, StreamHandler& handler, Side side)
      : loop_(loop), handler_(handler), side_(side) {}
  ~Channel() = default;

  enum class ChannelPhase : std::uint8_t { idle, connecting, open, finishing, ending, retired };

  // Whether the kernel drops what comes: TCP does (MSG_TRUNC, tcp(7)), other sockets would not.
  enum class Dropping : std::uint8_t { not_asked, impossible, possible };

  void begin();
  void flush();
  void finish();
  void end_output();
  void end(int error);
  void decrypt(std::string_view bytes);
  void offer_waiting();
  void settle();
  [[nodiscard]] std::size_t storage() const;
  [[nodiscard]] bool all_sent() const {
    return queued_.empty() && in_flight_.empty() && (!tls_ || tls_->plain().empty());
  }

  EventLoop& loop_;
  StreamHandler& handler_;
  const Side side_;
  FileDescriptor socket_;
  Output queued_;     // appended, not yet handed to the engine
  Output in_flight_;  // in the kernel's hands (io_uring only)
  WaitingInput waiting_;
  std::unique_ptr<TlsFilter> tls_;
  TimePoint last_progress_{};
  TimePoint last_sent_{};
  std::uint64_t sent_ = 0;  // bytes of this connection that the kernel has taken
  std::uint64_t received_ = 0;
  int error_ = 0;
  ChannelPhase phase_ = ChannelPhase::idle;
  Dropping dropping_ = Dropping::not_asked;
  bool reading_ = false;
  bool writing_ = false;
  bool held_ = false;
  bool output_expected_ = false;  // although all is sent (Stream::expect_output())
  bool offering_ = false;         // waiting_ is being offered, further up the stack
  bool peer_done_ = false;        // the peer sends no more
  bool output_ended_ = false;     // we send no more
  bool ends_output_ = false;      // we will not, once what is queued is sent, and go on reading
  bool grown_ = false;            // the loop has it on its list
  bool resets_ = false;           // closing is a reset: the peer is not told before
  EngineState engine_state_;

 private:
  // Whether all that was appended has gone out, be it that the goodbye of TLS has not.
  [[nodiscard]] bool delivered() const { return all_sent() || (tls_ && tls_->close_sent()); }
  [[nodiscard]] bool choked() const;
  [[nodiscard]] bool wants_input() const;
  void take(std::string_view bytes);
  void fail();
  std::size_t offer(std::string_view bytes);
  void drop_storage();
};

}  // namespace millrace::net
