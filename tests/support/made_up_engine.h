#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "net/event_loop.h"

namespace millrace::net {

// An engine for one stream, without a kernel: what that would do next comes when it is called for.
// It keeps to the contract (net/engine.h), and throws where the stream does not.
class MadeUpEngine final : public EventLoop {
 public:
  // Stops and closes at once and sends from the queue, as the one on epoll does, or is answered
  // later and has output in flight, as the one on io_uring.
  enum class Manner : std::uint8_t { at_once, later };

  explicit MadeUpEngine(Manner manner = Manner::later) : manner_(manner) {}

  void watch(PollHandle&) override {}
  [[nodiscard]] int socket_flags() const override { return SOCK_CLOEXEC; }

  // What the kernel could do next. Where it was not asked, nothing happens.

  void complete_connect(int error = 0) {
    if (!adopted() || !state().connecting) return;
    state().connecting = false;
    if (channel_->ended()) return close_if_idle();
    error != 0 ? channel_->failed(error) : channel_->connected();
    close_if_idle();
  }

  // Returns how many bytes came in, or were dropped.
  std::size_t deliver(std::string_view bytes) {
    if (!receives()) return 0;
    Channel& channel = *channel_;
    if (manner_ == Manner::at_once) drop_ = channel.droppable();
    if (drop_ > 0) {
      bytes = bytes.substr(0, drop_);
      dropped += bytes.size();
      if (manner_ == Manner::later) stop();
      channel.dropped(bytes.size());
      if (manner_ == Manner::later) channel.update_reading();
    } else {
      // In a place of its own, which is gone when the call is over.
      channel.received(std::string(bytes));
      // The rest of a chunk is dropped rather than received.
      if (manner_ == Manner::later && receives() && channel.droppable() > 0) stop_reading(channel);
    }
    expect(channel.ended() || channel.writing() || channel.queued().empty(), "no begin_write()");
    close_if_idle();
    return bytes.size();
  }

  // The peer sends no more, or the receive failed.
  void deliver_end(int error = 0) {
    if (!adopted() || !state().receiving) return;
    stop();
    if (channel_->ended()) return close_if_idle();
    error != 0 ? channel_->failed(error) : channel_->received_end();
    close_if_idle();
  }

  // The receive ends that stop_reading() took back.
  void complete_cancel() {
    if (!adopted() || !state().cancelling) return;
    stop();
    channel_->update_reading();
    close_if_idle();
  }

  // It takes at most `most` bytes of what it was given.
  void complete_write(std::size_t most = std::string::npos, int error = 0) {
    if (!adopted() || !state().sending) return;
    state().sending = false;
    if (channel_->ended()) return close_if_idle();
    if (error != 0) {
      channel_->failed(error);
      return close_if_idle();
    }
    const bool now = manner_ == Manner::at_once;
    const std::string bytes =
        (now ? channel_->queued() : channel_->in_flight()).flattened().substr(0, most);
    taken += bytes;
    channel_->written(bytes.size());
    if (!channel_->in_flight().empty() || (now && !channel_->queued().empty())) {
      state().sending = true;
    } else if (channel_->fill_queue()) {
      begin_write(*channel_);
    } else {
      channel_->all_written();
    }
    close_if_idle();
  }

  // All that is under way ends, so that the stream can.
  void complete_close() {
    if (!adopted() || !closing_) return;
    state() = {};
    close_if_idle();
  }

  // Whether input would come in.
  [[nodiscard]] bool receives() { return adopted() && state().receiving && !channel_->ended(); }
  // Whether the stream has closed, or is about to.
  [[nodiscard]] bool closing() const { return closing_; }

  bool takes_at_once = false;  // whatever is written, when it is
  std::string taken;           // all that went out
  std::uint64_t dropped = 0;
  int writes = 0;             // how often it was asked to write
  bool output_ended = false;  // the peer has been told

  // The calls down.

  void adopt(Channel& channel) override { take_up(channel); }
  void begin_connect(Channel& channel, const SocketAddress&) override {
    take_up(channel);
    state().connecting = true;
  }
  void begin_reading(Channel& channel) override {
    expect(channel.reading() && !channel.ended() && !state().receiving, "begin_reading()");
    state().receiving = true;
    drop_ = manner_ == Manner::later ? channel.droppable() : 0;
  }
  void stop_reading(Channel& channel) override {
    expect(channel.reading() && !channel.ended() && state().receiving, "stop_reading()");
    if (manner_ == Manner::later) {
      state().cancelling = true;
      return;
    }
    stop();
  }
  void begin_write(Channel& channel) override {
    expect(channel.writing() && !channel.ended() && !state().sending, "begin_write()");
    expect(channel.in_flight().empty() && !channel.queued().empty(), "begin_write()");
    expect(!output_ended, "begin_write() after end_output()");
    ++writes;
    if (manner_ == Manner::later) channel.put_in_flight();
    state().sending = true;
    if (takes_at_once && manner_ == Manner::at_once) complete_write();
  }
  void end_output(Channel& channel) override {
    expect(!channel.ended() && !state().sending && !output_ended, "end_output()");
    output_ended = true;
  }
  void begin_close(Channel&) override {
    expect(!std::exchange(closing_, true), "begin_close()");
    if (manner_ == Manner::at_once) state() = {};
    close_if_idle();
  }

 protected:
  void wait(const TimePoint*, TimePoint) override { begin_turn(); }

 private:
  // What is under way of the stream.
  struct State {
    bool connecting = false;
    bool receiving = false;
    bool cancelling = false;  // of the receive
    bool sending = false;
  };

  static void expect(bool holds, const char* call) {
    if (!holds) throw std::logic_error(std::string("out of turn: ") + call);
  }

  [[nodiscard]] bool adopted() const { return channel_ != nullptr; }
  State& state() { return channel_->engine_state().as<State>(); }

  // The kernel receives no more.
  void stop() {
    state().receiving = state().cancelling = false;
    channel_->reading_ended();
  }

  void take_up(Channel& channel) {
    expect(!adopted() && !channel.ended(), "adopt() or begin_connect()");
    channel_ = &channel;
    channel.engine_state().begin<State>();
    closing_ = output_ended = false;
  }

  void close_if_idle() {
    if (!adopted() || !closing_) return;
    if (state().connecting || state().receiving || state().sending) return;
    // From the end of the turn on the stream may be gone.
    std::exchange(channel_, nullptr)->closed();
  }

  const Manner manner_;
  Channel* channel_ = nullptr;  // null before it is there and when it has been closed
  bool closing_ = false;
  std::size_t drop_ = 0;  // of what comes next
};

}  // namespace millrace::net
