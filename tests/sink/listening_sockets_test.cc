#include "sink/listening_sockets.h"

#include <gtest/gtest.h>
#include <sys/un.h>
#include <unistd.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "net/endpoint.h"
#include "net/socket.h"

namespace millrace::sink {
namespace {

using Endpoints = std::vector<std::string>;

std::vector<OpenListener> listeners_at(const Endpoints& endpoints) {
  std::vector<OpenListener> listeners;
  for (const std::string& endpoint : endpoints) {
    listeners.emplace_back(
        Listener{.name = "at " + endpoint, .endpoint = net::parse_local(endpoint)});
  }
  return listeners;
}

SinkOptions of_threads(unsigned threads) {
  SinkOptions options;
  options.threads = threads;
  options.backlog = 10;
  return options;
}

// A port that nobody has at the moment.
std::string free_port() {
  const auto probe = net::listen_on(*net::numeric_address("127.0.0.1", 0), 1, false, {});
  return std::to_string(net::local_address(probe).port());
}

// Why they cannot all be listened at; empty when they can.
std::string refusal(const Endpoints& endpoints, unsigned threads) {
  const auto listeners = listeners_at(endpoints);
  try {
    const ListeningSockets sockets(of_threads(threads), listeners);
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

TEST(ListeningSockets, AreAWorkersOwnWithTcpAndSharedWithAPath) {
  const std::string path = "/tmp/millrace.listen." + std::to_string(getpid());
  const auto listeners = listeners_at({"127.0.0.1:" + free_port(), "unix:" + path});
  {
    const ListeningSockets sockets(of_threads(3), listeners);
    std::set<int> descriptors;
    for (const unsigned worker : {0U, 1U, 2U}) {
      const auto own = sockets.of_worker(worker);
      ASSERT_EQ(own.size(), 2U);
      EXPECT_EQ(&own[0].listener, &listeners[0]);
      EXPECT_EQ(&own[1].listener, &listeners[1]);
      for (const ListeningSocket& socket : own) descriptors.insert(socket.descriptor);
    }
    EXPECT_EQ(descriptors.size(), 4U);
  }
  unlink(path.c_str());
}

TEST(ListeningSockets, AreNotOfTwoSinksAtOneAddress) {
  const std::string here = "127.0.0.1:" + free_port();
  const auto listeners = listeners_at({here});
  for (const unsigned threads : {1U, 4U}) {
    const ListeningSockets first(of_threads(threads), listeners);
    for (const unsigned others : {1U, 4U}) {
      EXPECT_EQ(refusal({here}, others),
                "bind [127.0.0.1]:" + here.substr(here.find(':') + 1) + ": Address already in use");
    }
  }
}

TEST(ListeningSockets, OfAllWorkersAreAtTheOnePortThatTheSystemChose) {
  const auto listeners = listeners_at({"127.0.0.1:0"});
  const ListeningSockets sockets(of_threads(4), listeners);
  std::set<unsigned> ports;
  for (const unsigned worker : {0U, 1U, 2U, 3U}) {
    const FileDescriptor copy(dup(sockets.of_worker(worker).at(0).descriptor));
    ports.insert(net::local_address(copy).port());
  }
  EXPECT_EQ(ports.size(), 1U);
}

// With several threads the kernel would let both in, and share out who connects.
TEST(ListeningSockets, AreNotOfTwoListenersAtOneAddress) {
  const std::string port = free_port();
  const std::string here = "127.0.0.1:" + port;
  const std::string there = "127.0.0.2:" + port;
  for (const unsigned threads : {1U, 4U}) {
    EXPECT_EQ(refusal({here, "inet:" + here}, threads),
              "two listeners at [127.0.0.1]:" + port + ": at " + here + " and at inet:" + here);
    EXPECT_EQ(refusal({":" + port, here}, threads),
              "two listeners at [127.0.0.1]:" + port + ": at :" + port + " and at " + here);
    EXPECT_EQ(refusal({here, "0.0.0.0:" + port}, threads),
              "two listeners at [0.0.0.0]:" + port + ": at " + here + " and at 0.0.0.0:" + port);
    EXPECT_EQ(refusal({"unix:/nonexistent/a", "unix:/nonexistent/a"}, threads),
              "two listeners at /nonexistent/a: at unix:/nonexistent/a and at unix:/nonexistent/a");
    EXPECT_EQ(refusal({here, there}, threads), "");
    EXPECT_EQ(refusal({"127.0.0.1:0", "127.0.0.1:0"}, threads), "");
  }
}

}  // namespace
}  // namespace millrace::sink
