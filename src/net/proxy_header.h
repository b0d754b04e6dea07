#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/socket.h"

namespace millrace::net {

// HAProxy's PROXY protocol: what a proxy says of its client ahead of everything else.
enum class ProxyVersion : std::uint8_t {
  v1,  // a line of text
  v2,  // binary
};

// The header for a connection from `source` to `destination`; both of one family. For unix
// sockets it says that nothing is known.
std::string proxy_header(ProxyVersion version, const SocketAddress& source,
                         const SocketAddress& destination);

// Reads a header of either version from a stream of bytes.
class ProxyReader {
 public:
  enum class Result : std::uint8_t { more, done, bad };

  // Takes the header, or the part of it that has come, off the front of `bytes`. After `bad` the
  // stream cannot be read on.
  Result feed(std::string_view& bytes);

  // Whose connection it is; nothing when the header does not say (LOCAL, UNKNOWN).
  [[nodiscard]] const std::optional<SocketAddress>& source() const { return source_; }

 private:
  Result read_v1();
  Result read_v2();

  std::string header_;
  std::optional<SocketAddress> source_;
};

}  // namespace millrace::net
