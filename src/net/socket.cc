#include "net/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/diagnostics.h"

namespace millrace::net {
namespace {

// When the kernel asks a silent client whether it is there, and how often, in seconds.
constexpr int kProbeAfter = 60;
constexpr int kProbeEach = 30;
constexpr int kProbes = 4;

template <typename Value>
void set_option(const FileDescriptor& socket, int level, int name, const Value& value) {
  // Each option is an optimization or a wish; a socket without it still works.
  setsockopt(socket.descriptor(), level, name, &value, sizeof value);
}

const sockaddr_un& unix_address(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr_un&>(address.storage);
}

// A unix socket that a killed server left behind refuses connections and is in the way; one
// that answers belongs to somebody.
void remove_stale_unix_socket(const SocketAddress& address) {
  struct stat status {};
  const char* const path = unix_address(address).sun_path;
  if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const FileDescriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(probe.descriptor(), address.get(), address.length) != 0 && errno == ECONNREFUSED) {
    unlink(path);
  }
}

}  // namespace

SocketAddress SocketAddress::from_bytes(std::string_view bytes, std::uint16_t port) {
  SocketAddress address;
  const bool v4 = bytes.size() == sizeof(in_addr);
  address.storage.ss_family = v4 ? AF_INET : AF_INET6;
  address.length = v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  bytes.copy(const_cast<char*>(address.bytes().data()), address.bytes().size());
  address.port(port);
  return address;
}

std::string_view SocketAddress::bytes() const {
  if (family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage).sin_addr;
    return {reinterpret_cast<const char*>(&v4), sizeof v4};
  }
  if (family() != AF_INET6) return {};
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
  return {reinterpret_cast<const char*>(&v6), sizeof v6};
}

std::string_view SocketAddress::plain_bytes() const {
  constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  std::string_view plain = bytes();
  if (plain.size() == 16 && plain.starts_with(kMapped)) plain.remove_prefix(kMapped.size());
  return plain;
}

void SocketAddress::port(std::uint16_t port) {
  if (family() == AF_INET) reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_UNIX) return 0;
  return ntohs(family() == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                                    : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

std::string SocketAddress::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text.data(),
              text.size());
  } else if (family() == AF_INET6) {
    const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
      inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &address, text.data(), text.size());
    }
  } else {
    return "local";
  }
  return text.data();
}

std::string SocketAddress::text() const {
  if (family() == AF_UNIX) return unix_address(*this).sun_path;
  std::string text = "[";
  return text.append(host()).append("]:").append(std::to_string(port()));
}

void reset_on_close(const FileDescriptor& socket) {
  set_option(socket, SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
}

void configure(const FileDescriptor& socket, int family, const SocketOptions& options) {
  if (options.window) {
    set_option(socket, SOL_SOCKET, SO_RCVBUF, *options.window);
    set_option(socket, SOL_SOCKET, SO_SNDBUF, *options.window);
  }
  if (family == AF_UNIX) return;
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.reset_on_close) {
    net::reset_on_close(socket);
  }
}

PeerState peer_state(const FileDescriptor& socket) {
  pollfd asked{.fd = socket.descriptor(), .events = POLLRDHUP, .revents = 0};
  if (poll(&asked, 1, 0) <= 0) return PeerState::there;
  if ((asked.revents & (POLLERR | POLLHUP)) != 0) return PeerState::gone;
  int unread = 0;
  ioctl(socket.descriptor(), FIONREAD, &unread);
  return unread == 0 ? PeerState::finished : PeerState::there;
}

FileDescriptor listen_on(const SocketAddress& address, int backlog, bool share,
                         const SocketOptions& options) {
  const auto fail = [&](const char* what) {
    throw Fatal(describe_error(std::string(what) + " " + address.text(), errno));
  };
  FileDescriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) fail("socket for");
  if (address.family() == AF_UNIX) {
    remove_stale_unix_socket(address);
  } else {
    set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
    if (share) set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
    if (address.family() == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfter);
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, kProbeEach);
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  }
  configure(socket, address.family(), options);  // accepted sockets inherit it
  if (bind(socket.descriptor(), address.get(), address.length) != 0) fail("bind");
  if (listen(socket.descriptor(), backlog) != 0) fail("listen on");
  return socket;
}

// The kernel asks both sockets when one binds or begins to listen.
void let_share(const FileDescriptor& listening) {
  set_option(listening, SOL_SOCKET, SO_REUSEPORT, 1);
}

bool family_supported(int family) {
  const FileDescriptor probe(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe.valid() || errno != EAFNOSUPPORT;
}

SocketAddress local_address(const FileDescriptor& socket) {
  SocketAddress address;
  address.length = sizeof address.storage;
  getsockname(socket.descriptor(), address.get(), &address.length);
  return address;
}

std::size_t open_descriptors() {
  const FileDescriptor probe(open("/", O_PATH | O_CLOEXEC));
  return probe.valid() ? static_cast<std::size_t>(probe.descriptor()) : 0;
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace millrace::net
