// The floor of TLS: a connection, a full handshake, one byte, and the end; OpenSSL on blocking
// sockets and nothing else. Several threads keep a core busy while others wait.
//
//   tls_floor serve|drive PORT CONNECTIONS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "net/tls_context.h"

namespace {

using millrace::net::TlsContext;

constexpr int kThreads = 8;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in address(int port) {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(static_cast<std::uint16_t>(port));
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return here;
}

void serve_one(int descriptor, const TlsContext& context) {
  SSL* const ssl = SSL_new(context.get());
  SSL_set_fd(ssl, descriptor);
  char byte = 0;
  if (SSL_accept(ssl) != 1 || SSL_read(ssl, &byte, 1) != 1) die("handshake");
  SSL_free(ssl);
  close(descriptor);
}

void drive_one(int port, const TlsContext& context) {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  const int one = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const sockaddr_in there = address(port);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
    die("connect");
  }
  SSL* const ssl = SSL_new(context.get());
  SSL_set_fd(ssl, descriptor);
  char byte = 'x';
  if (SSL_connect(ssl) != 1 || SSL_write(ssl, &byte, 1) != 1) die("handshake");
  while (recv(descriptor, &byte, 1, 0) > 0) {  // tickets, then the end
  }
  SSL_free(ssl);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(descriptor);
}

template <typename Work>
void in_threads(long connections, const Work& work) {
  std::atomic<long> left{connections};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      while (left.fetch_sub(1) > 0) work();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: tls_floor serve|drive PORT CONNECTIONS\n");
    return 1;
  }
  const int port = std::atoi(argv[2]);
  const long connections = std::atol(argv[3]);
  if (std::string_view(argv[1]) == "drive") {
    const TlsContext context = TlsContext::for_client({.common = {.least_version = 13}});
    in_threads(connections, [&] { drive_one(port, context); });
    return 0;
  }
  const TlsContext context =
      TlsContext::for_server({.common = {.least_version = 13}, .host_name = "floor"});
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const sockaddr_in here = address(port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) die("bind");
  if (listen(listener, SOMAXCONN) != 0) die("listen");
  in_threads(connections, [&] { serve_one(accept(listener, nullptr, nullptr), context); });
  return 0;
}
