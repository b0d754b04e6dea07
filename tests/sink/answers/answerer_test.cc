#include "sink/answers/answerer.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/address_pool.h"
#include "net/wake_up.h"

namespace millrace::sink {
namespace {

using namespace std::chrono_literals;

// How long a test waits for what must come.
constexpr auto kPatience = 20s;

void wait_for(const std::function<bool()>& condition, const char* what) {
  const TimePoint limit = Clock::now() + kPatience;
  while (!condition()) {
    ASSERT_LT(Clock::now(), limit) << what;
    std::this_thread::sleep_for(1ms);
  }
}

// A server that says what a test tells it to: to "connect", to a command, to "." for content. An
// empty reply closes the connection; "silence" says nothing any more.
class Server {
 public:
  using Says = std::function<std::string(const std::string& command)>;

  explicit Server(Says says, std::uint16_t port = 0)
      : says_(std::move(says)),
        listener_(net::listen_on(*net::numeric_address("127.0.0.1", port), 10, false, {})),
        address_(net::local_address(listener_)),
        thread_([this] { serve(); }) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    over_ = true;
    const FileDescriptor last(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    connect(last.descriptor(), address_.get(), address_.length);
    thread_.join();
  }

  [[nodiscard]] const net::SocketAddress& address() const { return address_; }

  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  std::size_t times(const std::string& command) {
    const auto all = heard();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), command));
  }

 private:
  void serve() {
    while (!over_) {
      pollfd waiting{.fd = listener_.descriptor(), .events = POLLIN};
      poll(&waiting, 1, -1);
      const FileDescriptor client(accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client.valid() && !over_) converse(client);
    }
  }

  void converse(const FileDescriptor& client) {
    std::string input;
    if (!answer(client, "connect")) return;
    bool content = false;
    while (fill(client, input)) {
      for (;;) {
        const std::string_view end = content ? "\r\n.\r\n" : "\r\n";
        const std::size_t place = input.find(end);
        if (place == std::string::npos) break;
        const std::string line = input.substr(0, place);
        input.erase(0, place + end.size());
        if (content) keep(line.substr(std::min<std::size_t>(line.size(), 2)));
        const std::string command = content ? "." : line;
        if (!answer(client, command)) return;
        content = command == "DATA" && agreed_;
        if (content) input.insert(0, "\r\n");  // that of DATA: content may be empty
      }
    }
  }

  static bool fill(const FileDescriptor& client, std::string& input) {
    char buffer[4'096];
    const ssize_t got = recv(client.descriptor(), buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    input.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  bool answer(const FileDescriptor& client, const std::string& command) {
    keep(command);
    const std::string reply = says_(command);
    if (reply.empty()) return false;
    if (reply == "silence") {
      std::string ignored;
      while (fill(client, ignored)) continue;
      return false;
    }
    agreed_ = reply.starts_with('3');
    return send(client.descriptor(), reply.data(), reply.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(reply.size());
  }

  void keep(const std::string& what) {
    const std::lock_guard lock(mutex_);
    heard_.push_back(what);
  }

  const Says says_;
  const FileDescriptor listener_;
  const net::SocketAddress address_;
  std::atomic<bool> over_ = false;
  bool agreed_ = false;  // to DATA
  std::mutex mutex_;
  std::vector<std::string> heard_;
  std::thread thread_;
};

// A server as it should be.
std::string well(const std::string& command) {
  if (command == "connect") return "220 here\r\n";
  if (command.starts_with("EHLO")) return "250-here\r\n250-SIZE\r\n250 PIPELINING\r\n";
  if (command == "DATA") return "354 go on\r\n";
  return command == "QUIT" ? "221 bye\r\n" : "250 ok\r\n";
}

// Says `first` to `command` so many times, and then what it should.
Server::Says at_first(std::string command, std::string first, int times = 1) {
  return [=, left = times](const std::string& heard) mutable {
    if (heard != command || left == 0) return well(heard);
    --left;
    return first;
  };
}

// An Answerer on a thread of its own.
class Running {
 public:
  Running(const net::Engine& engine, AnswerQueue& queue, const AnswererOptions& options)
      : thread_([this, &engine, &queue, options] {
          Answerer answerer(engine, queue, options);
          wake_up_.attach(answerer.loop(), [&] { answerer.woken(urgency_); });
          answerer.run();
        }) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (thread_.joinable()) end(threads::Urgency::at_once);
  }

  // Returns when it has ended.
  void end(threads::Urgency urgency = threads::Urgency::orderly) {
    urgency_ = urgency;
    wake_up_.wake();
    thread_.join();
  }

 private:
  std::atomic<threads::Urgency> urgency_ = threads::Urgency::none;
  net::WakeUp wake_up_;
  std::thread thread_;
};

class AnswererTest : public testing::TestWithParam<const net::Engine*> {
 protected:
  void SetUp() override {
    if (GetParam()->available()) return;
    ASSERT_EQ(std::getenv("CI"), nullptr) << "needed under CI: " << GetParam()->name;
    GTEST_SKIP() << "the kernel does not grant " << GetParam()->name << " here";
  }

  // Impatient, so that nothing here takes long.
  static AnswererOptions options(const net::SocketAddress& address) {
    return {.addresses = {address},
            .host_name = "sink.example",
            .first_pause = 1ms,
            .longest_pause = 4ms,
            .retry_pause = 1ms};
  }

  std::unique_ptr<Running> run(const AnswererOptions& options) {
    return std::make_unique<Running>(*GetParam(), queue, options);
  }
  std::unique_ptr<Running> run(Server& server) { return run(options(server.address())); }

  void offer(const std::string& sender = "ann@a.example", Duration delay = 0s) {
    queue.offer({.what = {.diagnostic = "550 5.1.1 no"},
                 .sender = sender,
                 .recipient = "bob@b.example",
                 .client = "192.0.2.1",
                 .header = std::make_shared<const std::string>("Subject: x\r\n"),
                 .due = Clock::now() + delay});
  }

  void wait_until_sent(std::uint64_t count) {
    wait_for([&] { return queue.totals().sent >= count; }, "answers to be sent");
  }
  void wait_until_heard(Server& server, const std::string& command, std::size_t times = 1) {
    wait_for([&] { return server.times(command) >= times; }, command.c_str());
  }

  AnswerQueue queue;
};

TEST_P(AnswererTest, SendsWhatIsDueOverOneConnection) {
  Server server(well);
  const auto running = run(server);
  for (int i = 0; i < 3; ++i) offer("ann" + std::to_string(i) + "@a.example");
  wait_until_sent(3);
  running->end();
  EXPECT_EQ(server.times("connect"), 1U);
  EXPECT_EQ(server.times("EHLO sink.example"), 1U);
  EXPECT_EQ(server.times("RCPT TO:<ann1@a.example>"), 1U);
  EXPECT_EQ(server.times("QUIT"), 1U);
  std::size_t sizes = 0;
  std::size_t contents = 0;
  for (const std::string& heard : server.heard()) {
    sizes += heard.starts_with("MAIL FROM:<> SIZE=") ? 1 : 0;
    contents += heard.starts_with("From: Mail Delivery System <MAILER-DAEMON@sink.example>") &&
                        heard.find("Subject: x\r\n") != std::string::npos
                    ? 1
                    : 0;
  }
  EXPECT_EQ(sizes, 3U);
  EXPECT_EQ(contents, 3U);
}

TEST_P(AnswererTest, WaitsUntilTheyAreDue) {
  Server server(well);
  const auto running = run(server);
  const TimePoint before = Clock::now();
  offer("late@a", 150ms);
  offer("soon@a", 50ms);
  wait_until_sent(2);
  EXPECT_GE(Clock::now() - before, 150ms);
  std::vector<std::string> recipients;
  for (const std::string& heard : server.heard()) {
    if (heard.starts_with("RCPT")) recipients.push_back(heard);
  }
  EXPECT_EQ(recipients, (std::vector<std::string>{"RCPT TO:<soon@a>", "RCPT TO:<late@a>"}));
}

TEST_P(AnswererTest, TriesAgainWhatWasRefusedForAWhile) {
  for (const char* command : {"RCPT TO:<ann@a.example>", "DATA", "."}) {
    Server server(at_first(command, "451 later\r\n", 2));
    const std::uint64_t before = queue.totals().sent;
    const auto running = run(server);
    offer();
    wait_until_sent(before + 1);
    EXPECT_GE(server.times(command), 3U) << command;
    EXPECT_EQ(server.times("connect"), 1U) << command;
  }
}

TEST_P(AnswererTest, GivesUpAtLast) {
  Server server(at_first("RCPT TO:<ann@a.example>", "450 no\r\n", 1'000));
  AnswererOptions impatient = options(server.address());
  impatient.tries = 3;
  const auto running = run(impatient);
  offer();
  wait_for([&] { return queue.totals().given_up == 1; }, "it to give up");
  EXPECT_EQ(server.times("RCPT TO:<ann@a.example>"), 3U);
}

TEST_P(AnswererTest, CountsWhatWasRefusedForGood) {
  for (const char* command : {"RCPT TO:<ann@a.example>", "."}) {
    Server server(at_first(command, "554 no\r\n"));
    const auto running = run(server);
    const std::uint64_t before = queue.totals().refused[554];
    const std::uint64_t sent = queue.totals().sent;
    offer();
    offer();
    wait_until_sent(sent + 1);
    EXPECT_EQ(queue.totals().refused[554], before + 1) << command;
  }
}

TEST_P(AnswererTest, WaitsForAnEndpointThatIsNotThere) {
  net::SocketAddress address;
  { address = Server(well).address(); }
  const auto running = run(options(address));
  offer();
  offer();
  EXPECT_EQ(queue.totals().unsent, 2U);
  Server server(well, address.port());
  wait_until_sent(2);
  running->end();
}

TEST_P(AnswererTest, TakesTheAddressThatAnswers) {
  net::SocketAddress nobody;
  { nobody = Server(well).address(); }
  Server server(well);
  AnswererOptions two = options(server.address());
  two.addresses.insert(two.addresses.begin(), nobody);
  const auto running = run(two);
  offer();
  wait_until_sent(1);
}

TEST_P(AnswererTest, PassesOverAFamilyThatIsNotThere) {
  Server server(well);
  AnswererOptions two = options(server.address());
  net::SocketAddress strange;
  strange.storage.ss_family = 255;
  two.addresses.insert(two.addresses.begin(), strange);
  two.first_pause = 1h;  // none until all addresses have been tried
  const auto running = run(two);
  offer();
  wait_until_sent(1);
}

TEST_P(AnswererTest, SurvivesWhatServersDo) {
  const std::string endless = "250-" + std::string(100'000, 'x');
  const std::string replies[] = {"",
                                 "421 4.3.2 closing\r\n",
                                 "521 no mail\r\n",
                                 "\xff\xfe nonsense\r\n",
                                 "999 what\r\n",
                                 "250 ok\r\n250 again\r\n250 and again\r\n",
                                 "silence",
                                 endless};
  for (const char* command : {"connect", "EHLO sink.example", "RCPT TO:<ann@a.example>", "."}) {
    for (const std::string& reply : replies) {
      Server server(at_first(command, reply));
      AnswererOptions quick = options(server.address());
      quick.reply_limit = 50ms;
      const std::uint64_t before = queue.totals().sent;
      const auto running = run(quick);
      offer();
      wait_until_sent(before + 1);
      ASSERT_FALSE(HasFatalFailure()) << command << " " << reply.substr(0, 30);
    }
  }
}

TEST_P(AnswererTest, PausesForAServerThatTakesNothing) {
  for (const std::string refused : {"connect", "LO "}) {
    Server server([=](const std::string& command) {
      return command.find(refused) != std::string::npos ? "554 no mail here\r\n" : well(command);
    });
    AnswererOptions patient = options(server.address());
    patient.first_pause = 1h;
    const auto running = run(patient);
    offer();
    wait_until_heard(server, "QUIT");
    running->end();
    EXPECT_EQ(server.times("connect"), 1U);
    EXPECT_EQ(queue.totals().sent, 0U);
  }
}

TEST_P(AnswererTest, ClosesAConnectionThatIsIdle) {
  Server server(well);
  AnswererOptions quick = options(server.address());
  quick.idle_limit = 10ms;
  quick.first_pause = 1h;  // nothing has failed: it does not pause
  const auto running = run(quick);
  for (std::size_t round = 1; round <= 2; ++round) {
    offer();
    wait_until_sent(round);
    wait_until_heard(server, "QUIT", round);
  }
  EXPECT_EQ(server.times("connect"), 2U);
}

TEST_P(AnswererTest, GoesOnWithAServerThatTakesOneAConnection) {
  Server server([](const std::string& command) {
    return command.starts_with("EHLO") ? "250-here\r\n250 LIMITS MAILMAX=1\r\n" : well(command);
  });
  AnswererOptions quick = options(server.address());
  quick.first_pause = 1h;
  const auto running = run(quick);
  offer();
  offer();
  wait_until_sent(2);
  EXPECT_EQ(server.times("connect"), 2U);
}

TEST_P(AnswererTest, KeepsToItsRate) {
  Server server(well);
  AnswererOptions slow = options(server.address());
  slow.rate = 100;
  for (int i = 0; i < 21; ++i) offer();
  const TimePoint before = Clock::now();
  const auto running = run(slow);
  wait_until_sent(21);
  EXPECT_GE(Clock::now() - before, 180ms);  // 20 intervals, less what it may catch up with
}

TEST_P(AnswererTest, SendsAtTheEndWhatIsDueUntilThen) {
  Server server(well);
  AnswererOptions quick = options(server.address());
  quick.drain_limit = kPatience;
  const auto running = run(quick);
  offer("ann@a", 50ms);
  offer("ann@a", 1h);
  running->end();
  EXPECT_EQ(queue.totals().sent, 1U);
  EXPECT_EQ(queue.totals().unsent, 1U);
  EXPECT_EQ(server.times("QUIT"), 1U);
}

TEST_P(AnswererTest, EndsThoughNobodyAnswers) {
  for (const auto urgency : {threads::Urgency::orderly, threads::Urgency::at_once}) {
    Server server(at_first("RCPT TO:<ann@a.example>", "silence"));
    AnswererOptions quick = options(server.address());
    quick.drain_limit = 20ms;
    const std::uint64_t before = queue.totals().unsent;
    const auto running = run(quick);
    offer();
    wait_until_heard(server, "RCPT TO:<ann@a.example>");
    running->end(urgency);
    EXPECT_EQ(queue.totals().unsent, before + 1);
    queue.take(TimePoint::max());
  }
}

TEST_P(AnswererTest, EndsThoughNobodyIsThere) {
  net::SocketAddress address;
  { address = Server(well).address(); }
  AnswererOptions patient = options(address);
  patient.first_pause = 1h;
  const auto running = run(patient);
  offer();
  running->end();
  EXPECT_EQ(queue.totals().unsent, 1U);
}

INSTANTIATE_TEST_SUITE_P(Engines, AnswererTest, testing::ValuesIn([] {
                           std::vector<const net::Engine*> all;
                           for (const net::Engine& engine : net::engines()) all.push_back(&engine);
                           return all;
                         }()),
                         [](const auto& info) { return std::string(info.param->word); });

}  // namespace
}  // namespace millrace::sink
