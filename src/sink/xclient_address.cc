#include "sink/xclient_address.h"

#include "net/address_pool.h"
#include "smtp/keyword.h"

namespace millrace::sink {

std::optional<net::SocketAddress> xclient_address(std::string_view value) {
  constexpr std::string_view kVersion = "IPV6:";
  if (smtp::same_keyword(value.substr(0, kVersion.size()), kVersion)) {
    value.remove_prefix(kVersion.size());
  }
  return net::numeric_address(value, 0);
}

}  // namespace millrace::sink
