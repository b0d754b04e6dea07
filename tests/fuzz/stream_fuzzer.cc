// A stream on an engine that the input plays: sends that the kernel takes in part, operations that
// end late or are cancelled, a peer that goes at any moment, an owner that holds, releases,
// appends, finishes and aborts, and has no use for some of what comes. Bytes keep their order on
// both ways and none is lost; the end comes once, and nothing after it.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "net/event_loop.h"
#include "pieces.h"

namespace millrace::net {

// Works as the loop on io_uring does, but each completion comes when it is asked for.
class MadeUpLoop final : public EventLoop {
 public:
  void watch(PollHandle&) override {}
  [[nodiscard]] int socket_flags() const override { return SOCK_CLOEXEC; }

  // What the kernel could do next.
  void complete_connect(int error) {
    if (stream_ == nullptr || !stream_->connecting_) return;
    Stream& stream = *stream_;
    stream.connecting_ = false;
    if (stream.ended()) return retire_if_idle();
    if (error != 0) return stream.end(error);
    stream.connected();
  }
  // Returns how many bytes came in.
  std::size_t deliver(std::string_view bytes) {
    if (stream_ == nullptr || !stream_->reading_ || stream_->ended()) return 0;
    Stream& stream = *stream_;
    const std::size_t length = stream.dropping_now_ ? std::min(bytes.size(), drop_) : bytes.size();
    if (stream.dropping_now_) {
      stop();
      stream.dropped(length);
      if (!stream.ended()) stream.update_reading();
    } else {
      stream.received(bytes);
      if (stream.reading_ && !stream.cancelling_ && stream.droppable() > 0) stop_reading(stream);
    }
    // What the owner appended is on its way.
    fuzz::require(stream.ended() || stream.writing_ || stream.queued_.empty());
    if (stream.ended()) retire_if_idle();
    return length;
  }
  void deliver_end(int error) {
    if (stream_ == nullptr || !stream_->reading_) return;
    Stream& stream = *stream_;
    stop();
    if (stream.ended()) return retire_if_idle();
    if (error != 0) return stream.end(error);
    stream.received_end();
  }
  void cancel_done() {
    if (stream_ == nullptr || !stream_->cancelling_) return;
    Stream& stream = *stream_;
    stop();
    if (stream.ended()) return retire_if_idle();
    stream.update_reading();
  }
  // The kernel takes at most `most` bytes of what it was given.
  void complete_write(std::size_t most, int error) {
    if (stream_ == nullptr || !stream_->writing_) return;
    Stream& stream = *stream_;
    stream.writing_ = false;
    if (stream.ended()) return retire_if_idle();
    if (error != 0) return stream.end(error);
    const std::string bytes = stream.sending_.flattened().substr(0, most);
    taken += bytes;
    stream.sending_.consume(bytes.size());
    if (!stream.sending_.empty()) {
      stream.writing_ = true;
      return;
    }
    if (stream.fill_queue()) return begin_write(stream);
    stream.sent();
  }
  // All that is under way ends, so that the stream can.
  void settle_closed() {
    if (stream_ == nullptr || !closing_) return;
    stop();
    stream_->writing_ = stream_->connecting_ = false;
    retire_if_idle();
  }

  [[nodiscard]] bool closing() const { return closing_; }

  std::string taken;  // all that went out

 protected:
  void wait(const TimePoint*, TimePoint) override { begin_turn(); }
  void adopt(Stream& stream) override {
    stream_ = &stream;
    stop();
    stream.writing_ = false;
    stream.dropping_ = Stream::Dropping::possible;  // as if its socket were one of TCP
  }
  void begin_connect(Stream& stream, const SocketAddress&) override {
    stream_ = &stream;
    stream.connecting_ = true;
  }
  void begin_reading(Stream& stream) override {
    fuzz::require(!stream.reading_ && !stream.ended());
    stream.reading_ = true;
    drop_ = stream.droppable();
    stream.dropping_now_ = drop_ > 0;
  }
  void stop_reading(Stream& stream) override { stream.cancelling_ = true; }
  void begin_write(Stream& stream) override {
    fuzz::require(!stream.writing_ && stream.sending_.empty() && !stream.queued_.empty());
    std::swap(stream.queued_, stream.sending_);
    stream.writing_ = true;
  }
  void begin_close(Stream& stream) override {
    fuzz::require(!closing_);
    closing_ = true;
    stream.socket_ = FileDescriptor();
    retire_if_idle();
  }

 private:
  // The kernel receives no more.
  void stop() { stream_->reading_ = stream_->cancelling_ = stream_->dropping_now_ = false; }
  void retire_if_idle() {
    Stream& stream = *stream_;
    if (!closing_ || stream.reading_ || stream.writing_ || stream.connecting_) return;
    retire(stream);
  }

  Stream* stream_ = nullptr;
  std::size_t drop_ = 0;  // that the kernel is to drop
  bool closing_ = false;
};

}  // namespace millrace::net

using namespace millrace;

namespace {

// What the input does next, a byte at a time.
struct Script {
  std::uint8_t byte() {
    if (size == 0) return 0;
    --size;
    return *data++;
  }
  const std::uint8_t* data;
  std::size_t size;
};

// The bytes from place `from` of everything that is sent, on either way.
std::string pattern(std::size_t from, std::size_t length) {
  constexpr std::size_t kPeriod = 2'048;
  static const std::string kCycle = [] {
    std::string cycle(kPeriod, '\0');
    for (std::size_t i = 0; i < kPeriod; ++i) cycle[i] = static_cast<char>(i * 31 >> 3);
    return cycle;
  }();
  std::string text;
  text.reserve(length);
  while (text.size() < length) {
    const std::size_t place = (from + text.size()) % kPeriod;
    text.append(kCycle, place, length - text.size());
  }
  return text;
}

// More than a stream bears, from a byte and four bits: at most a megabyte.
std::size_t quantity(std::uint8_t byte, unsigned shift) {
  return std::size_t{byte} << std::min(shift, 12U);
}

class Owner final : public net::StreamHandler {
 public:
  Owner(net::MadeUpLoop& loop, Script& script, net::Side side)
      : loop_(loop), script_(script), stream{loop, *this, side} {}

  void on_connected() override {
    fuzz::require(!ended);
    act(script_.byte());
  }
  std::size_t on_bytes(std::string_view bytes) override {
    fuzz::require(!ended && !finished && !held && !bytes.empty());
    const std::uint8_t what = script_.byte();
    // It takes all, unless it holds.
    std::size_t length = bytes.size();
    if ((what & 1) != 0) {
      hold();
      length = std::min<std::size_t>(length, what >> 3);
    }
    fuzz::require(bytes.substr(0, length) == pattern(read, length));
    read += length;
    useless -= std::min(useless, length);
    if ((what & 8) != 0) useless = std::size_t{what} << 12;
    if ((what & 2) != 0) append(std::size_t{what} << 4);
    if ((what & 4) != 0 && (what & 1) == 0) act(script_.byte());
    return length;
  }
  [[nodiscard]] std::uint64_t unwanted() const override { return useless; }
  void on_dropped(std::uint64_t bytes) override {
    // The kernel may have been at it when the owner held.
    fuzz::require(!ended && !finished && bytes > 0 && bytes <= useless);
    read += bytes;
    useless -= bytes;
    const std::uint8_t what = script_.byte();
    if ((what & 1) != 0) hold();
    if ((what & 2) != 0) append(std::size_t{what} << 4);
    if ((what & 4) != 0 && (what & 1) == 0) act(script_.byte());
  }
  void on_end(int) override {
    fuzz::require(!ended);
    ended = true;
  }

  void hold() {
    held = true;
    stream.hold();
  }
  void append(std::size_t length) {
    if (finished || loop_.closing()) return;  // both sides have said all: nothing can follow
    if ((length & 1) != 0 && length < body.size()) {
      stream.output().append_borrowed(std::string_view(body).substr(0, length));
      written.append(body, 0, length);
    } else {
      const std::string text = pattern(written.size(), length);
      stream.output().append(text);
      written += text;
    }
  }
  void act(std::uint8_t what) {
    switch (what % 8) {
      case 0:
        append(quantity(script_.byte(), what >> 4));
        stream.flush();
        break;
      case 1:
        hold();
        break;
      case 2:
        held = false;
        stream.release();
        break;
      case 3:
        finished = true;
        stream.finish();
        break;
      case 4:
        if ((what & 0xf0) == 0) aborted = true, stream.abort();
        break;
      default:
        break;
    }
  }

  net::MadeUpLoop& loop_;
  Script& script_;
  net::Stream stream;
  std::string written;
  std::string body = std::string(4'000, 'b');
  std::size_t read = 0;
  std::size_t useless = 0;  // of what comes next
  bool held = false;
  bool finished = false;
  bool aborted = false;
  bool ended = false;
};

FileDescriptor some_socket() {
  return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Script script{data, size};
  net::MadeUpLoop loop;
  net::SocketAddress nowhere{};
  const std::uint8_t start = script.byte();
  Owner owner(loop, script, (start & 8) != 0 ? net::Side::client : net::Side::server);
  bool broken = false;
  if ((start & 1) != 0) {
    owner.stream.connect(some_socket(), nowhere);
    broken = (start & 6) == 6;
    loop.complete_connect(broken ? ECONNREFUSED : 0);
  } else {
    owner.stream.open(some_socket());
  }
  std::size_t sent = 0;
  bool peer_done = false;
  while (script.size > 0 && !owner.ended) {
    const std::uint8_t what = script.byte();
    switch (what % 8) {
      case 0:
      case 1: {
        if (peer_done) break;
        const std::size_t length = 1 + quantity(script.byte(), what >> 4);
        sent += loop.deliver(pattern(sent, length));
        break;
      }
      case 2:
        loop.complete_write(1 + quantity(script.byte(), what >> 4), 0);
        break;
      case 3:
        loop.cancel_done();
        break;
      case 4:
        loop.turn();
        loop.settle_closed();
        break;
      case 5:
        owner.act(script.byte());
        break;
      case 6:
        peer_done = true;
        broken = broken || what >> 4 == 1;
        loop.deliver_end(what >> 4 == 1 ? ECONNRESET : 0);
        break;
      default:
        if (what >> 4 != 1) break;
        broken = true;
        loop.complete_write(0, EPIPE);
    }
    fuzz::require(owner.read <= sent && owner.written.starts_with(loop.taken));
  }
  // Left to itself: the peer takes all and says all, and the owner lets it.
  for (int round = 0; round < 2'000 && !owner.ended; ++round) {
    loop.cancel_done();
    loop.complete_write(std::string::npos, 0);
    if (!owner.finished && owner.held) owner.held = false, owner.stream.release();
    loop.settle_closed();
    loop.turn();
    if (owner.ended) break;
    peer_done = true;
    loop.deliver_end(0);
    if (round > 1'000) owner.aborted = true, owner.stream.abort();
  }
  fuzz::require(owner.ended);
  fuzz::require(owner.written.starts_with(loop.taken));
  if (!broken && !owner.aborted) {
    fuzz::require(loop.taken == owner.written);
    fuzz::require(owner.finished || owner.read == sent);
  }
  return 0;
}
