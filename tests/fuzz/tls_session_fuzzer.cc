// Two sides of TLS that shake hands for real, and a wire between them that the input tampers with.
// What a side reads is what the other one wrote, from the beginning and without a gap, however the
// wire was changed; and all of it where it was not.
#include <array>
#include <string>

#include "net/tls_filter.h"
#include "pieces.h"

using namespace millrace;
using Event = net::TlsFilter::Event;

namespace {

constexpr std::size_t kWireLimit = 64 * 1024;

struct Side {
  explicit Side(const net::TlsContext& context) : filter(context) {}

  void send(std::string_view text) {
    if (over || closing) return;
    filter.plain().append(text);
    written.append(text);
    if (filter.secured()) filter.encrypt(wire, kWireLimit);
  }

  void receive(std::string_view bytes) {
    if (over) return;
    filter.feed(bytes);
    std::string_view plain;
    for (;;) {
      switch (filter.advance(wire, plain)) {
        case Event::more:
          if (filter.secured() && !closing) filter.encrypt(wire, kWireLimit);
          return;
        case Event::secured:
          fuzz::require(filter.secured() && !filter.version().empty() && !filter.cipher().empty());
          break;
        case Event::data:
          read.append(plain);
          break;
        case Event::failed:
          fuzz::require(!filter.failure().empty());
          failed = true;
          [[fallthrough]];
        case Event::closed:
          over = true;
          return;
      }
    }
  }

  void close() {
    if (over || closing || !filter.secured()) return;
    filter.close(wire);
    closing = true;
  }

  net::TlsFilter filter;
  Output wire;
  std::string written;
  std::string read;
  bool over = false;
  bool failed = false;
  bool closing = false;
};

std::string take(Output& wire, std::size_t most) {
  std::string bytes = wire.flattened();
  bytes.resize(std::min(bytes.size(), most));
  wire.consume(bytes.size());
  return bytes;
}

// Reads the input as a script.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  [[nodiscard]] bool over() const { return size_ == 0; }
  std::size_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

void carry_all(Side& one, Side& other) {
  while (!one.wire.empty() || !other.wire.empty()) {
    other.receive(take(one.wire, kWireLimit));
    one.receive(take(other.wire, kWireLimit));
  }
}

void play(const net::TlsContext& server, const net::TlsContext& client, Script script,
          bool shake_hands) {
  std::array<Side, 2> sides{Side(client), Side(server)};
  bool tampered = false;
  sides[0].receive({});  // the client speaks first
  if (shake_hands) carry_all(sides[0], sides[1]);
  fuzz::require(!shake_hands || (sides[0].filter.secured() && sides[1].filter.secured()));
  for (int steps = 0; steps < 64 && !script.over(); ++steps) {
    const std::size_t what = script.byte();
    Side& from = sides[what & 1];
    Side& to = sides[~what & 1];
    const auto length = [&] { return script.byte() << (what >> 5); };
    switch ((what >> 1) % 8) {
      case 0:
        from.send(std::string(length(), static_cast<char>('a' + steps % 26)));
        break;
      case 1:
        to.receive(take(from.wire, length()));
        break;
      case 2: {  // a byte is changed
        std::string bytes = take(from.wire, length());
        if (bytes.empty()) break;
        bytes[script.byte() % bytes.size()] ^= static_cast<char>(script.byte() | 1);
        tampered = true;
        to.receive(bytes);
        break;
      }
      case 3:  // some are lost
        tampered |= !take(from.wire, length()).empty();
        break;
      case 4: {  // some come twice
        const std::string bytes = take(from.wire, length());
        tampered |= !bytes.empty();
        to.receive(bytes + bytes);
        break;
      }
      case 5: {  // a record of somebody else's: its kind, its length, and what is in it
        const std::size_t kind = script.byte();
        std::string bytes(script.byte() % 64, static_cast<char>(script.byte()));
        bytes.insert(0, {static_cast<char>(kind), 3, 3, 0, static_cast<char>(bytes.size())});
        tampered = true;
        to.receive(bytes);
        break;
      }
      case 6:
        from.close();
        break;
      default:
        carry_all(from, to);
    }
  }
  carry_all(sides[0], sides[1]);
  for (std::size_t i = 0; i < 2; ++i) {
    const Side& reader = sides[i];
    const Side& writer = sides[1 - i];
    fuzz::require(writer.written.starts_with(reader.read));
    if (!tampered) {
      fuzz::require(!reader.failed);
      fuzz::require(reader.read == writer.written || reader.over || writer.over);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto server = net::TlsContext::for_server({.host_name = "sink.example"});
  static const std::array clients{net::TlsContext::for_client({.common = {.least_version = 13}}),
                                  net::TlsContext::for_client({.common = {.most_version = 12}})};
  if (size < 2) return 0;
  play(server, clients[data[0] & 1], Script(data + 1, size - 1), (data[0] & 2) != 0);
  return 0;
}
