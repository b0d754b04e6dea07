// The same behaviour is asked of both engines.
#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "net/endpoint.h"
#include "net/stream.h"
#include "net/tls_context.h"
#include "net/tls_filter.h"
#include "net/uring_loop.h"
#include "net/wake_up.h"

namespace millrace::net {
namespace {

using namespace std::chrono_literals;

// One end of a connection whose reactions a test fills in.
struct Peer final : StreamHandler {
  explicit Peer(EventLoop& loop, Side side = Side::server) : stream(loop, *this, side) {}
  void on_connected() override { connected = true; }
  std::size_t on_bytes(std::string_view bytes) override {
    return reaction ? reaction(bytes) : keep(bytes);
  }
  void on_secured() override { secured = true; }
  void on_all_sent() override {
    if (all_sent) all_sent();
  }
  void on_end(int error) override {
    ended = true;
    end_error = error;
  }
  std::size_t keep(std::string_view bytes) {
    received += bytes;
    return bytes.size();
  }

  std::function<std::size_t(std::string_view)> reaction;
  std::function<void()> all_sent;
  std::string received;
  bool connected = false;
  bool secured = false;
  bool ended = false;
  int end_error = 0;
  Stream stream;
};

// A way to make a loop, and what it is called.
struct Make {
  const char* name;
  const Engine* engine;
  std::unique_ptr<EventLoop> (*make)();
};

class Loop : public testing::TestWithParam<Make>, private TimerHandler {
 protected:
  void SetUp() override {
    if (!GetParam().engine->available()) {
      ASSERT_EQ(std::getenv("CI"), nullptr) << "needed under CI: " << GetParam().engine->name;
      GTEST_SKIP() << "the kernel does not grant " << GetParam().engine->name << " here";
    }
    loop = GetParam().make();
  }

  // Turns the loop until `done`, for thirty seconds at most.
  void run_until(const std::function<bool()>& done) {
    const TimePoint limit = Clock::now() + 30s;
    while (!done()) {
      ASSERT_LT(Clock::now(), limit) << "nothing happened for thirty seconds";
      loop->timers().start(tick_, Clock::now() + 20ms);
      loop->turn();
    }
  }

  void run_turns(int count) {
    run_until([count]() mutable { return count-- == 0; });
  }

  // Two connected streams.
  void connect_pair(Peer& client, Peer& server) { connect_pair(client, server.stream); }

  void connect_pair(Peer& client, Stream& server) {
    const FileDescriptor listener =
        listen_on(resolve(parse_local("127.0.0.1:0"), AF_UNSPEC, true).at(0), 5, false, options);
    address = local_address(listener);
    client.stream.connect(FileDescriptor(::socket(AF_INET, SOCK_STREAM | loop->socket_flags(), 0)),
                          address);
    run_until([&] { return client.connected; });
    FileDescriptor accepted;
    run_until([&] {
      accepted =
          FileDescriptor(accept4(listener.descriptor(), nullptr, nullptr, loop->socket_flags()));
      return accepted.valid();
    });
    server.open(std::move(accepted));
  }

  // Two connected streams under TLS. `Server` has what a Peer has.
  template <typename Server>
  void connect_secure_pair(Peer& client, Server& server) {
    connect_pair(client, server.stream);
    server.stream.secure(std::make_unique<TlsFilter>(server_context_));
    client.stream.secure(std::make_unique<TlsFilter>(client_context_));
    run_until([&] { return client.secured && server.secured; });
  }

  // Connects a plain blocking socket of the test to a stream of the loop.
  FileDescriptor connect_plain(Peer& server) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | loop->socket_flags(), 0, ends), 0);
    server.stream.open(FileDescriptor(ends[0]));
    return FileDescriptor(ends[1]);
  }

  std::unique_ptr<EventLoop> loop;
  SocketAddress address;
  SocketOptions options;  // of what connect_pair() accepts

 private:
  void on_timer(Timer&) override {}
  // In steps, since g++ 12 believes in -O3 that a temporary's strings are not initialized.
  static TlsContext server_context() {
    TlsServerOptions wanted;
    wanted.host_name = "sink";
    return TlsContext::for_server(wanted);
  }
  const TlsContext server_context_ = server_context();
  const TlsContext client_context_ = TlsContext::for_client({});
  Timer tick_{*this};
};

INSTANTIATE_TEST_SUITE_P(
    Engines, Loop,
    testing::Values(Make{"epoll", find_engine("epoll"), find_engine("epoll")->make},
                    Make{"io_uring", find_engine("uring"), find_engine("uring")->make},
                    // As on a kernel that does not use receive buffers by the piece.
                    Make{"io_uring_whole_buffers", find_engine("uring"),
                         []() -> std::unique_ptr<EventLoop> {
                           return std::make_unique<UringLoop>(ReceiveBuffers::Use::whole);
                         }}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_P(Loop, CarriesBytesBothWays) {
  Peer client(*loop);
  Peer server(*loop);
  server.reaction = [&](std::string_view bytes) {
    server.stream.output().append("pong");
    return server.keep(bytes);
  };
  connect_pair(client, server);
  client.stream.output().append("ping");
  client.stream.flush();
  run_until([&] { return client.received == "pong"; });
  EXPECT_EQ(server.received, "ping");
}

TEST_P(Loop, CarriesABorrowedBodyLargerThanAnyBuffer) {
  const std::string body(20'000'000, 'b');
  Peer client(*loop);
  Peer server(*loop);
  connect_pair(client, server);
  client.stream.output().append("head");
  client.stream.output().append_borrowed(body);
  client.stream.output().append("tail");
  client.stream.flush();
  run_until([&] { return server.received.size() == body.size() + 8; });
  EXPECT_TRUE(server.received == "head" + body + "tail");
  EXPECT_TRUE(client.stream.all_sent());
}

TEST_P(Loop, KeepsWhatWasNotTakenUntilReleased) {
  Peer client(*loop);
  Peer server(*loop);
  server.reaction = [&](std::string_view bytes) {
    if (!server.received.empty()) return server.keep(bytes);
    server.stream.hold();
    return server.keep(bytes.substr(0, 3));
  };
  connect_pair(client, server);
  client.stream.output().append("onetwo");
  client.stream.flush();
  run_until([&] { return server.received == "one"; });
  client.stream.output().append("three");
  client.stream.flush();
  run_until([&] { return client.stream.all_sent(); });
  loop->turn();
  EXPECT_EQ(server.received, "one");
  server.stream.release();
  run_until([&] { return server.received == "onetwothree"; });
}

TEST_P(Loop, WhatWaitedIsOfferedOnceAndInOrder) {
  Peer client(*loop);
  Peer server(*loop);
  bool first = true;
  server.reaction = [&](std::string_view bytes) {
    if (std::exchange(first, false)) {
      server.stream.hold();
      return std::size_t{0};
    }
    server.stream.output().append(bytes);  // an echo
    return server.keep(bytes);
  };
  connect_pair(client, server);
  std::string sent;
  for (int number = 0; sent.size() < 500'000; ++number) sent += std::to_string(number) + ",";
  client.stream.output().append_borrowed(sent);
  client.stream.flush();
  run_until([&] { return !first; });
  run_turns(5);
  server.stream.release();
  run_until([&] { return client.received.size() >= sent.size(); });
  EXPECT_TRUE(server.received == sent);
  EXPECT_TRUE(client.received == sent);
}

TEST_P(Loop, ReleasedStreamsMayAllEndInOneTurn) {
  std::vector<std::unique_ptr<Peer>> servers;
  std::vector<FileDescriptor> clients;
  for (int i = 0; i < 8; ++i) {
    servers.push_back(std::make_unique<Peer>(*loop));
    Peer& server = *servers.back();
    clients.push_back(connect_plain(server));
    server.stream.hold();
    server.reaction = [&server](std::string_view bytes) {
      server.stream.abort();
      return server.keep(bytes);
    };
    ASSERT_EQ(write(clients.back().descriptor(), "hello", 5), 5);
  }
  run_turns(3);
  for (const auto& server : servers) server->stream.release();
  run_until([&] {
    return std::all_of(servers.begin(), servers.end(),
                       [](const auto& server) { return server->ended; });
  });
  for (const auto& server : servers) EXPECT_EQ(server->received, "hello");
}

TEST_P(Loop, AHeldStreamMakesItsPeerWait) {
  Peer client(*loop);
  Peer server(*loop);
  connect_pair(client, server);
  server.stream.hold();
  const std::string body(50'000'000, 'b');
  client.stream.output().append_borrowed(body);
  client.stream.flush();
  run_turns(20);
  EXPECT_FALSE(client.stream.all_sent());
  EXPECT_TRUE(server.received.empty());
  server.stream.release();
  run_until([&] { return server.received.size() == body.size(); });
}

// What had come before the kernel could stop is kept, and no more than that.
TEST_P(Loop, AFloodLeavesAHeldStreamNoMoreThanCameBeforeItStopped) {
  constexpr std::size_t kBound = std::size_t{8} << 20U;  // twice what it keeps, as strings grow
  Peer server(*loop);
  server.reaction = [&](std::string_view) {
    server.stream.hold();
    return std::size_t{0};
  };
  const FileDescriptor client = connect_plain(server);
  const std::string piece(1 << 16, 'x');
  for (int round = 0; round < 50; ++round) {
    while (send(client.descriptor(), piece.data(), piece.size(), MSG_DONTWAIT) > 0) {
    }
    run_turns(1);
  }
  EXPECT_GT(server.stream.storage(), 0U);
  EXPECT_LE(server.stream.storage(), kBound);
}

TEST_P(Loop, APeerThatDoesNotReadIsNotReadFrom) {
  constexpr std::size_t kAmplified = 10;
  Peer client(*loop, Side::client);
  Peer server(*loop);
  std::size_t answered = 0;
  server.reaction = [&](std::string_view bytes) {
    answered += bytes.size();
    server.stream.output().append(std::string(bytes.size() * kAmplified, 'r'));
    return bytes.size();
  };
  connect_pair(client, server);
  client.stream.hold();
  const std::string flood(5'000'000, 'c');
  client.stream.output().append_borrowed(flood);
  client.stream.flush();
  // Until nothing moves any more: what the sockets hold is the kernel's, some megabytes at most.
  std::size_t before = 0;
  int still = 0;
  run_until([&] {
    still = answered == before ? still + 1 : 0;
    before = answered;
    return answered > 0 && still == 20;
  });
  EXPECT_LT(answered, flood.size() / 2);
  client.stream.release();
  run_until([&] { return client.received.size() == kAmplified * flood.size(); });
}

TEST_P(Loop, ALaggingPeerCostsNoMoreMemoryThanItsBacklog) {
  options.window = 128 * 1024;  // the kernel takes less than there is
  const std::string reply(10'000, 'r');
  for (const bool secure : {false, true}) {
    Peer client(*loop, Side::client);
    Peer server(*loop);
    secure ? connect_secure_pair(client, server) : connect_pair(client, server);
    constexpr std::size_t kBacklog = 4'000'000;
    constexpr std::size_t kTotal = 100'000'000;
    const auto reply_more = [&] {
      Output& output = server.stream.output();
      while (output.size() < kBacklog) output.append(reply);
      server.stream.flush();
    };
    std::size_t taken = 0;
    std::size_t most = 0;
    client.reaction = [&](std::string_view bytes) {
      taken += bytes.size();
      if (taken < kTotal) reply_more();
      most = std::max(most, server.stream.storage());
      return bytes.size();
    };
    reply_more();
    run_until([&] { return taken >= kTotal; });
    EXPECT_LT(most, 6 * kBacklog) << (secure ? "TLS" : "plain");
    client.stream.abort();
    run_until([&] { return client.ended && server.ended; });
  }
}

TEST_P(Loop, AQuietStreamGivesBackWhatALargeMessageTook) {
  for (const bool secure : {false, true}) {
    Peer client(*loop, Side::client);
    Peer server(*loop);
    secure ? connect_secure_pair(client, server) : connect_pair(client, server);
    // Replies that come to a megabyte, and as much input that had to wait.
    const std::string large(1'000'000, 'l');
    server.stream.hold();
    server.stream.output().append(large);
    server.stream.flush();
    client.stream.output().append(large);
    client.stream.flush();
    run_until([&] { return client.received.size() == large.size(); });
    EXPECT_GT(server.stream.storage(), 100'000U);
    server.stream.release();
    run_until([&] { return server.received.size() == large.size(); });
    run_until([&] { return server.stream.storage() + client.stream.storage() < 32'000; });
    server.stream.output().append("still there");
    server.stream.flush();
    run_until([&] { return client.received.ends_with("still there"); });
    client.stream.abort();
    run_until([&] { return client.ended && server.ended; });
  }
}

// It is quiet, and has sent all but what its peer does not take.
TEST_P(Loop, AQuietStreamKeepsWhatIsNotSent) {
  options.window = 128 * 1024;  // the kernel takes less than there is
  const std::string first(1'000'000, 'f');
  std::string second;
  while (second.size() < 8'000'000) second += std::to_string(second.size()) + ",";
  struct Pair {
    explicit Pair(EventLoop& loop) : client(loop, Side::client), server(loop) {}
    Peer client;
    Peer server;
  };
  Pair plain(*loop);
  Pair secure(*loop);
  connect_pair(plain.client, plain.server);
  connect_secure_pair(secure.client, secure.server);
  for (Pair* const pair : {&plain, &secure}) {
    pair->server.stream.output().append(first);
    pair->server.stream.flush();
    run_until([&] { return pair->client.received.size() == first.size(); });
    pair->client.stream.hold();
    pair->server.stream.output().append(second);
    pair->server.stream.flush();
  }
  // So long that their memory is looked at when they are quiet.
  const TimePoint end = Clock::now() + 2'200ms;
  run_until([&] { return Clock::now() > end; });
  for (Pair* const pair : {&plain, &secure}) {
    EXPECT_FALSE(pair->server.stream.all_sent());
    pair->client.stream.release();
    run_until([&] { return pair->client.received.size() == first.size() + second.size(); });
    EXPECT_TRUE(pair->client.received == first + second) << (pair == &plain ? "plain" : "TLS");
  }
}

TEST_P(Loop, AClientReadsRepliesWhileItsMailWaits) {
  for (const bool secure : {false, true}) {
    Peer client(*loop, Side::client);
    Peer server(*loop);
    secure ? connect_secure_pair(client, server) : connect_pair(client, server);
    server.stream.hold();  // takes nothing, until its replies have been read
    const std::string mail(20'000'000, 'm');
    client.stream.output().append_borrowed(mail);
    client.stream.flush();
    run_turns(5);
    client.stream.output().append_borrowed(mail);
    client.stream.flush();
    run_turns(5);
    server.stream.output().append("250 Ok\r\n");
    server.stream.flush();
    run_until([&] { return client.received == "250 Ok\r\n"; });
    EXPECT_FALSE(client.stream.all_sent());
    client.stream.abort();
    server.stream.abort();
    run_until([&] { return client.ended && server.ended; });
  }
}

// Takes messages of a B, content that it has no use for, and an E, and answers each.
struct Careless final : StreamHandler {
  static constexpr std::uint64_t kContent = 1'000'000;

  explicit Careless(EventLoop& loop) : stream(loop, *this, Side::server) {}
  void on_connected() override {}
  std::size_t on_bytes(std::string_view bytes) override {
    for (std::string_view rest = bytes; !rest.empty();) {
      const auto content = static_cast<std::size_t>(std::min<std::uint64_t>(left, rest.size()));
      EXPECT_EQ(rest.substr(0, content).find_first_not_of('x'), std::string_view::npos);
      left -= content;
      seen += content;
      rest.remove_prefix(content);
      if (rest.empty()) break;
      marks += rest.front();
      if (rest.front() == 'B') left = kContent;
      if (rest.front() == 'E') stream.output().append("ok");
      rest.remove_prefix(1);
    }
    return bytes.size();
  }
  [[nodiscard]] std::uint64_t unwanted() const override { return left; }
  void on_dropped(std::uint64_t bytes) override {
    ASSERT_LE(bytes, left);
    left -= bytes;
    dropped += bytes;
  }
  void on_secured() override { secured = true; }
  void on_end(int /*error*/) override { ended = true; }

  std::string marks;
  std::uint64_t left = 0;
  std::uint64_t seen = 0;
  std::uint64_t dropped = 0;
  bool secured = false;
  bool ended = false;
  Stream stream;
};

TEST_P(Loop, ContentThatNobodyNeedsIsDroppedAndNothingElse) {
  const std::string message = "B" + std::string(Careless::kContent, 'x') + "E";
  Peer client(*loop, Side::client);
  Careless server(*loop);
  connect_pair(client, server.stream);
  for (std::size_t sent = 1; sent <= 5; ++sent) {
    client.stream.output().append_borrowed(message);
    client.stream.flush();
    run_until([&] { return client.received.size() == 2 * sent; });
  }
  EXPECT_EQ(server.marks, "BEBEBEBEBE");
  EXPECT_EQ(server.left, 0U);
  EXPECT_EQ(server.seen + server.dropped, 5 * Careless::kContent);
  EXPECT_GT(server.dropped, 2 * Careless::kContent);
}

// What the kernel would drop are records, which hold more than content.
TEST_P(Loop, UnderTlsContentThatNobodyNeedsIsReceived) {
  const std::string message = "B" + std::string(Careless::kContent, 'x') + "E";
  Peer client(*loop, Side::client);
  Careless server(*loop);
  connect_secure_pair(client, server);
  client.stream.output().append_borrowed(message);
  client.stream.output().append_borrowed(message);
  client.stream.flush();
  run_until([&] { return client.received == "okok" || client.ended; });
  EXPECT_EQ(server.marks, "BEBE");
  EXPECT_EQ(server.seen, 2 * Careless::kContent);
  EXPECT_EQ(server.dropped, 0U);
}

TEST_P(Loop, AStreamEndsAtOnceWhileTheKernelDrops) {
  const std::string half = "B" + std::string(Careless::kContent / 2, 'x');
  Peer client(*loop, Side::client);
  Careless server(*loop);
  connect_pair(client, server.stream);
  client.stream.output().append_borrowed(half);
  client.stream.flush();
  run_until([&] { return server.seen + server.dropped == Careless::kContent / 2; });
  run_turns(2);  // the rest is asked for
  server.stream.abort();
  run_until([&] { return server.ended; });
}

TEST_P(Loop, ASocketThatCannotDropReceives) {
  const std::string message = "B" + std::string(Careless::kContent, 'x') + "E";
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | loop->socket_flags(), 0, ends), 0);
  Peer client(*loop, Side::client);
  Careless server(*loop);
  client.stream.open(FileDescriptor(ends[0]));
  server.stream.open(FileDescriptor(ends[1]));
  client.stream.output().append_borrowed(message);
  client.stream.flush();
  run_until([&] { return client.received == "ok"; });
  EXPECT_EQ(server.marks, "BE");
  EXPECT_EQ(server.seen, Careless::kContent);
}

TEST_P(Loop, AHalfClosedPeerStillGetsItsAnswer) {
  Peer server(*loop);
  server.reaction = [&](std::string_view bytes) {
    server.stream.output().append("answer");
    return server.keep(bytes);
  };
  const FileDescriptor client = connect_plain(server);
  ASSERT_EQ(write(client.descriptor(), "question", 8), 8);
  shutdown(client.descriptor(), SHUT_WR);
  run_until([&] { return server.ended; });
  char answer[16];
  EXPECT_EQ(recv(client.descriptor(), answer, sizeof answer, MSG_DONTWAIT), 6);
  EXPECT_EQ(server.end_error, 0);
}

TEST_P(Loop, FinishingSendsAllAndWaitsForThePeer) {
  Peer server(*loop);
  const FileDescriptor client = connect_plain(server);
  server.stream.output().append("goodbye");
  server.stream.finish();
  char text[16];
  run_until([&] { return recv(client.descriptor(), text, sizeof text, MSG_DONTWAIT) == 7; });
  EXPECT_EQ(recv(client.descriptor(), text, sizeof text, 0), 0);
  EXPECT_FALSE(server.ended);
  ASSERT_EQ(write(client.descriptor(), "too late", 8), 8);
  shutdown(client.descriptor(), SHUT_RDWR);
  run_until([&] { return server.ended; });
  EXPECT_EQ(server.received, "");
}

TEST_P(Loop, AResetIsAnError) {
  Peer server(*loop);
  FileDescriptor client = connect_plain(server);
  server.stream.output().append("unread");
  server.stream.flush();
  int waiting = 0;
  run_until([&] { return ioctl(client.descriptor(), FIONREAD, &waiting) == 0 && waiting == 6; });
  client = FileDescriptor();  // closed with bytes unread: the kernel resets the connection
  run_until([&] { return server.ended; });
  EXPECT_EQ(server.end_error, ECONNRESET);
}

TEST_P(Loop, AnAbortedStreamEndsOnceAndMayBeUsedAgain) {
  Peer client(*loop);
  {
    Peer server(*loop);
    connect_pair(client, server);
    client.stream.abort();
    client.stream.abort();
    EXPECT_FALSE(client.ended);  // never from within a call
    run_until([&] { return client.ended && server.ended; });
  }
  client.ended = client.connected = false;
  Peer server(*loop);
  server.reaction = [&](std::string_view bytes) {
    server.stream.output().append("again");
    return bytes.size();
  };
  connect_pair(client, server);
  client.stream.output().append("?");
  client.stream.flush();
  run_until([&] { return client.received == "again"; });
  EXPECT_FALSE(client.ended);
}

TEST_P(Loop, ARefusedConnectIsAnError) {
  SocketAddress nobody;
  {
    const FileDescriptor listener =
        listen_on(resolve(parse_local("127.0.0.1:0"), AF_UNSPEC, true).at(0), 5, false, {});
    nobody = local_address(listener);
  }
  Peer client(*loop);
  client.stream.connect(FileDescriptor(::socket(AF_INET, SOCK_STREAM | loop->socket_flags(), 0)),
                        nobody);
  run_until([&] { return client.ended; });
  EXPECT_FALSE(client.connected);
  EXPECT_EQ(client.end_error, ECONNREFUSED);
}

TEST_P(Loop, MoreStreamsThanBuffersAreAllServed) {
  constexpr std::size_t kStreams = 600;
  std::vector<std::unique_ptr<Peer>> servers;
  std::vector<FileDescriptor> clients;
  for (std::size_t i = 0; i < kStreams; ++i) {
    servers.push_back(std::make_unique<Peer>(*loop));
    clients.push_back(connect_plain(*servers.back()));
  }
  for (const FileDescriptor& client : clients) ASSERT_EQ(write(client.descriptor(), "hello", 5), 5);
  run_until([&] {
    return std::all_of(servers.begin(), servers.end(),
                       [](const auto& server) { return server->received == "hello"; });
  });
  for (const auto& server : servers) server->stream.abort();
  run_until([&] {
    return std::all_of(servers.begin(), servers.end(),
                       [](const auto& server) { return server->ended; });
  });
}

// Whatever keeps the loop busy: what was received counts as late, never as
// early.
TEST_P(Loop, WhatIsReceivedWasThereByNow) {
  constexpr int kPeers = 3;
  std::vector<std::unique_ptr<Peer>> servers;
  std::vector<FileDescriptor> clients;
  TimePoint sent;
  int read = 0;
  for (int i = 0; i < kPeers; ++i) {
    servers.push_back(std::make_unique<Peer>(*loop));
    Peer& server = *servers.back();
    clients.push_back(connect_plain(server));
    server.reaction = [&](std::string_view bytes) {
      if (bytes.find("second") != std::string_view::npos) {
        ++read;
        EXPECT_GE(loop->now(), sent);
      }
      // The first of them is slow, and meanwhile more comes for the others.
      if (sent == TimePoint()) {
        std::this_thread::sleep_for(20ms);
        sent = Clock::now();
        for (const FileDescriptor& client : clients)
          EXPECT_EQ(write(client.descriptor(), "second", 6), 6);
      }
      return bytes.size();
    };
  }
  run_turns(2);
  for (const FileDescriptor& client : clients) ASSERT_EQ(write(client.descriptor(), "first", 5), 5);
  run_until([&] { return read == kPeers; });
}

// The same in a turn so long that the engine submits amid it, and is told at once.
TEST_P(Loop, WhatIsLearntAmidALongTurnWasThereByNow) {
  constexpr int kPeers = 1'600;
  std::vector<std::unique_ptr<Peer>> servers;
  std::vector<FileDescriptor> clients;
  WakeUp wake_up;
  TimePoint woken;
  TimePoint learnt;
  for (int i = 0; i < kPeers; ++i) {
    servers.push_back(std::make_unique<Peer>(*loop));
    Peer& server = *servers.back();
    clients.push_back(connect_plain(server));
    server.stream.hold();
    server.all_sent = [&, twice = false]() mutable {
      if (woken == TimePoint()) {
        std::this_thread::sleep_for(20ms);  // the first of them is slow
        woken = Clock::now();
        wake_up.wake();
        wake_up.attach(*loop, [&] { learnt = loop->now(); });
      }
      // Each sends once more, which together is more than the engine submits at once.
      if (std::exchange(twice, true)) return;
      server.stream.output().append("220 welcome");
      server.stream.flush();
    };
  }
  for (const auto& server : servers) {
    server->stream.output().append("220-welcome");
    server->stream.flush();
  }
  run_until([&] { return learnt != TimePoint(); });
  EXPECT_GE(learnt, woken);
}

// The descriptor that the engine lives by, closed behind its back.
TEST_P(Loop, AnErrorOfTheEngineThatStaysEndsTheLoop) {
  const std::string wanted = GetParam().engine->word == "epoll" ? "eventpoll" : "io_uring";
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    if (target.find("[" + wanted + "]") != std::string::npos) {
      close(std::stoi(entry.path().filename()));
    }
  }
  EXPECT_THROW(run_turns(10), Fatal);
}

// More at once than the queues of the engine have room for.
TEST_P(Loop, MoreThanTheSubmissionQueueHoldsIsStarted) {
  constexpr int kStreams = 3'000;
  std::vector<std::unique_ptr<Peer>> servers;
  std::vector<FileDescriptor> clients;
  for (int i = 0; i < kStreams; ++i) {
    servers.push_back(std::make_unique<Peer>(*loop));
    clients.push_back(connect_plain(*servers.back()));
    servers.back()->stream.output().append("220 welcome");
    servers.back()->stream.flush();
  }
  std::size_t served = 0;
  run_until([&] {
    char greeting[16];
    while (served < clients.size() &&
           recv(clients[served].descriptor(), greeting, sizeof greeting, MSG_DONTWAIT) == 11) {
      ++served;
    }
    return served == clients.size();
  });
  for (const auto& server : servers) server->stream.abort();
  run_until([&] {
    return std::all_of(servers.begin(), servers.end(),
                       [](const auto& server) { return server->ended; });
  });
}

TEST_P(Loop, AnotherThreadCanWakeIt) {
  WakeUp wake_up;
  int woken = 0;
  wake_up.attach(*loop, [&] { ++woken; });
  std::thread other([&] { wake_up.wake(); });
  run_until([&] { return woken > 0; });
  other.join();
  wake_up.wake();
  const int before = woken;
  run_until([&] { return woken > before; });
}

TEST_P(Loop, WaitsForItsTimersWithoutSpinning) {
  struct Alarm final : net::TimerHandler {
    void on_timer(Timer&) override { fired = true; }
    bool fired = false;
  } handler;
  Timer alarm(handler);
  const TimePoint start = Clock::now();
  loop->timers().start(alarm, start + 100ms);
  int turns = 0;
  while (!handler.fired && turns < 1'000) {
    loop->turn();
    ++turns;
  }
  EXPECT_GE(Clock::now() - start, 100ms);
  EXPECT_LE(turns, 10);
}

}  // namespace
}  // namespace millrace::net
