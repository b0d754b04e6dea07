// A stream on an engine that the input plays: sends that the kernel takes in part, operations that
// end late or are cancelled, a peer that goes at any moment, an owner that holds, releases,
// appends, finishes and aborts, and has no use for some of what comes. Bytes keep their order on
// both ways and none is lost; the end comes once, and nothing after it.
#include <algorithm>
#include <cerrno>
#include <string>

#include "made_up_engine.h"
#include "net/stream.h"
#include "pieces.h"

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
  Owner(net::MadeUpEngine& engine, Script& script, net::Side side)
      : engine_(engine), script_(script), stream{engine, *this, side} {}

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
    if (finished || engine_.closing()) return;  // both sides have said all: nothing can follow
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

  net::MadeUpEngine& engine_;
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Script script{data, size};
  const std::uint8_t start = script.byte();
  using Manner = net::MadeUpEngine::Manner;
  net::MadeUpEngine engine((start & 48) == 48 ? Manner::at_once : Manner::later);
  engine.takes_at_once = (start & 64) != 0;
  net::SocketAddress nowhere{};
  Owner owner(engine, script, (start & 8) != 0 ? net::Side::client : net::Side::server);
  bool broken = false;
  if ((start & 1) != 0) {
    owner.stream.connect(FileDescriptor(), nowhere);
    broken = (start & 6) == 6;
    engine.complete_connect(broken ? ECONNREFUSED : 0);
  } else {
    owner.stream.open(FileDescriptor());
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
        sent += engine.deliver(pattern(sent, length));
        break;
      }
      case 2:
        engine.complete_write(1 + quantity(script.byte(), what >> 4), 0);
        break;
      case 3:
        engine.complete_cancel();
        break;
      case 4:
        engine.turn();
        engine.complete_close();
        break;
      case 5:
        owner.act(script.byte());
        break;
      case 6:
        peer_done = true;
        broken = broken || what >> 4 == 1;
        engine.deliver_end(what >> 4 == 1 ? ECONNRESET : 0);
        break;
      default:
        if (what >> 4 != 1) break;
        broken = true;
        engine.complete_write(0, EPIPE);
    }
    fuzz::require(owner.read <= sent && owner.written.starts_with(engine.taken));
  }
  // Left to itself: the peer takes all and says all, and the owner lets it.
  for (int round = 0; round < 2'000 && !owner.ended; ++round) {
    engine.complete_cancel();
    engine.complete_write(std::string::npos, 0);
    if (!owner.finished && owner.held) owner.held = false, owner.stream.release();
    engine.complete_close();
    engine.turn();
    if (owner.ended) break;
    peer_done = true;
    engine.deliver_end(0);
    if (round > 1'000) owner.aborted = true, owner.stream.abort();
  }
  fuzz::require(owner.ended);
  fuzz::require(owner.written.starts_with(engine.taken));
  if (!broken && !owner.aborted) {
    fuzz::require(engine.taken == owner.written);
    fuzz::require(owner.finished || owner.read == sent);
  }
  return 0;
}
