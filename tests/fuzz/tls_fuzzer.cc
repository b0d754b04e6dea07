// Records from a hostile peer, split as the input says: to a server, and to a client.
#include "net/tls_filter.h"
#include "pieces.h"

using namespace millrace;

namespace {

void play(const net::TlsContext& context, const std::uint8_t* data, std::size_t size) {
  using Event = net::TlsFilter::Event;
  net::TlsFilter filter(context);
  filter.plain().append("secret");
  Output wire;
  bool over = false;
  fuzz::in_pieces(data, size, [&](std::string_view piece) {
    if (over) return;
    filter.feed(piece);
    std::string_view plain;
    for (;;) {
      const Event event = filter.advance(wire, plain);
      fuzz::require(event != Event::secured && event != Event::data);
      over = event != Event::more;
      fuzz::require(!over || !filter.failure().empty() || event == Event::closed);
      break;
    }
    filter.encrypt(wire, 1'000);
    // Nothing goes out before the handshake, nor after it has failed.
    fuzz::require(filter.plain().size() == (filter.failure().empty() ? 6 : 0));
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto server = net::TlsContext::for_server({.host_name = "sink.example"});
  static const auto client = net::TlsContext::for_client({});
  play(server, data, size);
  play(client, data, size);
  return 0;
}
