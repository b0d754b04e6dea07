#include "net/endpoint.h"

#include <netdb.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "base/diagnostics.h"
#include "base/number.h"
#include "net/socket.h"

namespace millrace::net {
namespace {

using Found = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Takes `prefix` off the front of `text` if it is there.
bool strip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

struct HostPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

HostPort split(std::string_view text) {
  std::size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos)
      throw Fatal("bad endpoint: " + std::string(text) + ": missing ']'");
    const std::string_view host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return {host, std::nullopt};
    if (rest.front() != ':') {
      throw Fatal("bad endpoint: " + std::string(text) + ": expected ':port' after ']'");
    }
    return {host, rest.substr(1)};
  }
  if (colon == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Endpoint parse_unix(std::string_view path) {
  if (path.empty()) throw Fatal("bad endpoint: unix: expected a path after 'unix:'");
  return {.unix_domain = true, .host = {}, .service = {}, .path = std::string(path)};
}

Endpoint inet(std::string_view text, std::string_view host, std::string_view service) {
  if (service.empty()) throw Fatal("bad endpoint: " + std::string(text) + ": missing port");
  // The resolver would take it modulo 65,536.
  const bool number = service.find_first_not_of("0123456789") == std::string_view::npos;
  if (number && !whole_number(service, 0, kLastPort)) {
    throw Fatal("bad endpoint: " + std::string(text) + ": port " + std::string(service) +
                " is above 65535");
  }
  return {
      .unix_domain = false, .host = std::string(host), .service = std::string(service), .path = {}};
}

// Whether it can be nothing but a port: a number, or the name of a service.
bool names_port(std::string_view word) {
  if (word.find_first_not_of("0123456789") == std::string_view::npos) return true;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(nullptr, std::string(word).c_str(), &hints, &found);
  const Found owner(found, &freeaddrinfo);
  return error == 0;
}

SocketAddress unix_socket_address(const std::string& path) {
  SocketAddress address;
  auto& name = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.size() >= sizeof name.sun_path) {
    throw Fatal("unix socket path too long: " + path + " (at most " +
                std::to_string(sizeof name.sun_path - 1) + " bytes)");
  }
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  address.length = sizeof name;
  return address;
}

}  // namespace

Endpoint parse_remote(std::string_view text, std::string_view default_service) {
  std::string_view rest = text;
  if (strip(rest, "unix:")) return parse_unix(rest);
  strip(rest, "inet:");
  const HostPort parts = split(rest);
  if (parts.host.empty()) throw Fatal("bad endpoint: " + std::string(text) + ": missing host");
  return inet(text, parts.host, parts.port.value_or(default_service));
}

Endpoint parse_local(std::string_view text) {
  std::string_view rest = text;
  if (strip(rest, "unix:")) return parse_unix(rest);
  strip(rest, "inet:");
  const HostPort parts = split(rest);
  // An IPv6 address without brackets: what was split off is its last group.
  const bool bare = parts.host.ends_with(':') && !parts.host.ends_with("::");
  if (parts.port && !bare) return inet(text, parts.host, *parts.port);
  if (!bare && names_port(rest)) return inet(text, {}, rest);
  const std::string host = bare ? "[" + std::string(rest) + "]" : std::string(rest);
  throw Fatal("bad endpoint: " + std::string(text) + ": missing port, as in " + host + ":2525");
}

std::vector<SocketAddress> resolve(const Endpoint& endpoint, int family, bool passive) {
  if (endpoint.unix_domain) return {unix_socket_address(endpoint.path)};
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = passive ? AI_PASSIVE : 0;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(endpoint.host.empty() ? nullptr : endpoint.host.c_str(),
                                endpoint.service.c_str(), &hints, &found);
  if (error != 0) {
    const std::string reason =
        error == EAI_SYSTEM ? describe_error("", errno).substr(2) : gai_strerror(error);
    throw Fatal(endpoint.host + ":" + endpoint.service + ": " + reason);
  }
  const Found owner(found, &freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
    // A name that /etc/hosts gives to 127.0.0.1 and to ::1 has the first of them twice.
    const std::string text = address.text();
    const bool known = std::any_of(addresses.begin(), addresses.end(),
                                   [&](const auto& other) { return other.text() == text; });
    if (!known) addresses.push_back(address);
  }
  return addresses;
}

std::string describe(const Endpoint& endpoint) {
  if (endpoint.unix_domain) return std::string("unix:").append(endpoint.path);
  const bool bracketed = endpoint.host.find(':') != std::string::npos;
  std::string text = bracketed ? std::string("[").append(endpoint.host).append("]") : endpoint.host;
  return text.append(":").append(endpoint.service);
}

}  // namespace millrace::net
