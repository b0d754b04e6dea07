#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/socket.h"

namespace millrace::net {

// Where to connect to or to listen on, as the user names it.
struct Endpoint {
  bool unix_domain = false;
  std::string host;     // empty: every interface
  std::string service;  // port number or name
  std::string path;     // of a unix socket
};

// "[inet:]host[:port]", an IPv6 host in brackets, or "unix:path". Throws Fatal naming `text`.
Endpoint parse_remote(std::string_view text, std::string_view default_service);

// "[inet:][host]:port", a lone port, or "unix:path". Throws Fatal naming `text`.
Endpoint parse_local(std::string_view text);

// "host:port" or "unix:path".
std::string describe(const Endpoint& endpoint);

// The addresses of an endpoint in the resolver's order. `family`: AF_INET, AF_INET6, or
// AF_UNSPEC for both. `passive`: to listen on. Throws Fatal naming the endpoint.
std::vector<SocketAddress> resolve(const Endpoint& endpoint, int family, bool passive);

}  // namespace millrace::net
