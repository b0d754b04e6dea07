// A PROXY header: what is read must not depend on how the bytes came, and what was read can be
// written and read again.
#include <sys/socket.h>

#include <string>

#include "net/proxy_header.h"
#include "pieces.h"

using namespace millrace;
using Result = net::ProxyReader::Result;

namespace {

struct Listener {
  void operator()(std::string_view piece) {
    if (result == Result::more) result = reader.feed(piece);
    left += piece.size();
  }

  net::ProxyReader reader;
  Result result = Result::more;
  std::size_t left = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Listener in_pieces;
  fuzz::in_pieces(data, size, [&](std::string_view piece) { in_pieces(piece); });
  Listener whole;
  whole({reinterpret_cast<const char*>(data) + 1, size - 1});
  fuzz::require(in_pieces.result == whole.result && in_pieces.left == whole.left);
  const auto& source = whole.reader.source();
  fuzz::require(source.has_value() == in_pieces.reader.source().has_value());
  if (whole.result != Result::done || !source) return 0;
  for (const auto version : {net::ProxyVersion::v1, net::ProxyVersion::v2}) {
    const std::string header = net::proxy_header(version, *source, *source);
    std::string_view rest = header;
    net::ProxyReader again;
    fuzz::require(again.feed(rest) == Result::done && rest.empty());
    fuzz::require(again.source()->text() == source->text());
  }
  return 0;
}
