#include "source/worker.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/diagnostics.h"
#include "net/address_pool.h"
#include "net/wake_up.h"
#include "proof/journal_reader.h"
#include "scratch_directory.h"

namespace millrace::source {
namespace {

using namespace std::chrono_literals;

// What a journal says of as many messages as it has records of, the first ones, each with one
// recipient.
std::vector<proof::SentOutcome> outcomes(const std::string& path) {
  proof::JournalReader reader(path, proof::Side::sent);
  std::map<std::uint64_t, proof::SentOutcome> by_message;
  for (proof::SentRecord record; reader.next(record);) {
    EXPECT_TRUE(by_message.emplace(record.message, record.outcome).second);
  }
  std::vector<proof::SentOutcome> all;
  for (const auto& [message, outcome] : by_message) {
    EXPECT_EQ(message, all.size());
    all.push_back(outcome);
  }
  return all;
}

// Its only session waits for a greeting, and a thousand messages a second are due meanwhile.
TEST(Worker, WhatItKnowsOutlivesALoopThatFails) {
  const FileDescriptor listener =
      net::listen_on(*net::numeric_address("127.0.0.1", 0), 10, false, {});
  SourceOptions options;
  options.endpoint =
      net::parse_remote("127.0.0.1:" + std::to_string(net::local_address(listener).port()), "25");
  options.load.open_loop = true;
  options.load.schedule = {{.name = "run", .length = 1h, .from = 1'000, .to = 1'000}};
  options.messages = 1'000'000;
  options.measure = true;
  for (const net::Engine& engine : net::engines()) {
    if (!engine.available()) continue;
    options.engine = &engine;
    int ends = 0;
    source::Run run(options, [&ends] { ++ends; });
    Recordings recordings(run);
    const tests::ScratchDirectory scratch;
    SentJournal journal({.journal = scratch.path("journal")}, run.workload(), false, 1);
    net::WakeUp trouble;
    Worker worker(run, {.recordings = &recordings, .journal = &journal}, 0, 1);
    trouble.attach(worker.loop(), [&] {
      if (Clock::now() > run.load().start() + 50ms) throw Fatal("made up");
      trouble.wake();
    });
    trouble.wake();
    run.load().begin(Clock::now());
    testing::internal::CaptureStderr();
    worker.run();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "millrace: fatal: made up\n");
    EXPECT_EQ(ends, 1);
    const metrics::Counters& counters = worker.recorder()->stages()[0].counters;
    EXPECT_EQ(counters.started, 1U);
    EXPECT_EQ(counters.unfinished, 1U);
    EXPECT_GE(counters.unstarted, 40U);
    const std::vector<metrics::Row> rows = recordings.timeline().rows();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].counters.unstarted, counters.unstarted);
    EXPECT_EQ(journal.finish().lost, 0U);
    EXPECT_EQ(outcomes(scratch.path("journal")),
              std::vector(counters.started + counters.unstarted, proof::SentOutcome::never_sent));
  }
}

// More is due than any machine writes in a second. (Its only session waits for a greeting.)
TEST(Worker, EndsSoonHoweverMuchWasNeverBegun) {
  constexpr std::size_t kRecipients = 60'000;
  const FileDescriptor listener =
      net::listen_on(*net::numeric_address("127.0.0.1", 0), 10, false, {});
  SourceOptions options;
  options.endpoint =
      net::parse_remote("127.0.0.1:" + std::to_string(net::local_address(listener).port()), "25");
  options.load.open_loop = true;
  options.load.schedule = {{.name = "run", .length = 1h, .from = 1'000, .to = 1'000}};
  options.load.drain_limit = 1h;
  options.messages = 1'000'000;
  options.message.recipients = kRecipients;
  options.measure = true;
  options.engine = &net::engines().front();
  for (const net::Engine& engine : net::engines()) {
    if (engine.available()) options.engine = &engine;
  }
  source::Run run(options, [] {});
  Recordings recordings(run);
  const tests::ScratchDirectory scratch;
  SentJournal journal({.journal = scratch.path("journal")}, run.workload(), false, 1);
  threads::Urgency urgency = threads::Urgency::none;
  Worker worker(
      run, {.recordings = &recordings, .journal = &journal, .urgency = [&] { return urgency; }}, 0,
      1);
  net::WakeUp signal;
  signal.attach(worker.loop(), [&] {
    urgency =
        urgency == threads::Urgency::none ? threads::Urgency::orderly : threads::Urgency::at_once;
    worker.woken(urgency);
    EXPECT_EQ(journal.of_worker(0).told(), 0U);
    if (urgency == threads::Urgency::orderly) signal.wake();
  });
  signal.wake();
  run.load().begin(Clock::now() - 10s);
  worker.run();
  const metrics::Counters& counters = worker.recorder()->stages()[0].counters;
  EXPECT_GE(counters.unstarted, 9'000U);
  testing::internal::CaptureStderr();
  const metrics::JournalTotals totals = journal.finish();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("records: the run was ended at once\n"),
            std::string::npos);
  EXPECT_GT(totals.records, kRecipients);
  EXPECT_GT(totals.lost, 0U);
  EXPECT_EQ(totals.records + totals.lost, (counters.started + counters.unstarted) * kRecipients);
  EXPECT_FALSE(journal.whole());
}

// A server on a unix socket, one of the loop's turns at a time: it reads all that there is and
// answers it; from DATA on it reads nothing but what it is told to.
class SlowServer {
 public:
  explicit SlowServer(const std::string& path) : listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(listener_.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof address),
              0);
    EXPECT_EQ(listen(listener_.descriptor(), 10), 0);
  }

  void serve() {
    if (!peer_.valid()) {
      peer_ = FileDescriptor(accept(listener_.descriptor(), nullptr, nullptr));
      say("220 slow\r\n");
    } else if (!in_data()) {
      const std::size_t before = read_.size();
      read();
      for (std::size_t at = before; at < read_.size(); ++at) {
        if (read_[at] != '\n') continue;
        in_data_ = read_.substr(0, at + 1).ends_with("DATA\r\n");
        say(in_data_ ? "354 go\r\n" : "250 ok\r\n");
      }
    }
  }
  // All that there is.
  void read() {
    std::array<char, 65'536> some;
    for (;;) {
      const ssize_t got = recv(peer_.descriptor(), some.data(), some.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      read_.append(some.data(), static_cast<std::size_t>(got));
    }
  }

  [[nodiscard]] bool in_data() const { return in_data_; }
  [[nodiscard]] bool has_all() const { return read_.ends_with("\r\n.\r\n"); }

 private:
  void say(std::string_view text) const {
    EXPECT_EQ(send(peer_.descriptor(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
  }

  FileDescriptor listener_;
  FileDescriptor peer_;
  std::string read_;
  bool in_data_ = false;
};

enum class End : std::uint8_t {
  asked_for,
  and_read_on,  // the server takes all the same: the rest leaves in the same turn of the loop
  failure,      // of the loop: what the kernel has may leave at any time
};
// How long the content is, and how the run ends.
using Ended = std::tuple<std::size_t, End>;

class EndedAtOnce : public testing::TestWithParam<Ended> {};

TEST_P(EndedAtOnce, WhatMayHaveLeftIsInDoubt) {
  const auto [length, how] = GetParam();
  constexpr std::size_t kTurns = 20;  // until nothing moves any more
  for (const net::Engine& engine : net::engines()) {
    if (!engine.available()) continue;
    const tests::ScratchDirectory scratch;
    SlowServer server(scratch.path("socket"));
    SourceOptions options;
    options.endpoint = net::parse_remote("unix:" + scratch.path("socket"), "25");
    options.load.schedule = {{.name = "run", .from = 1, .to = 1}};
    options.message.body = std::string(length - 2, 'x') + "\r\n";
    options.engine = &engine;
    source::Run run(options, [] {});
    SentJournal journal({.journal = scratch.path("journal")}, run.workload(), false, 1);
    Worker worker(run, {.journal = &journal}, 0, 1);
    net::WakeUp end;
    end.attach(worker.loop(), [&, how = how] {
      if (how == End::failure) throw Fatal("made up");
      worker.woken(threads::Urgency::at_once);
    });
    net::WakeUp turn;
    std::size_t turns = 0;
    turn.attach(worker.loop(), [&, how = how] {
      server.serve();
      if (server.in_data()) ++turns;
      if (turns < kTurns) return turn.wake();
      end.wake();
      if (how == End::and_read_on) server.read();
    });
    turn.wake();
    run.load().begin(Clock::now());
    testing::internal::CaptureStderr();
    worker.run();
    EXPECT_EQ(testing::internal::GetCapturedStderr().empty(), how != End::failure);
    server.read();
    EXPECT_TRUE(server.has_all() || how != End::and_read_on) << engine.name;
    EXPECT_EQ(journal.finish().lost, 0U);
    const bool doubt = server.has_all() || how == End::failure;
    const auto outcome = doubt ? proof::SentOutcome::in_doubt : proof::SentOutcome::never_sent;
    EXPECT_EQ(outcomes(scratch.path("journal")), std::vector{outcome}) << engine.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Worker, EndedAtOnce,
                         testing::Values(Ended{100, End::asked_for},
                                         Ended{300'000, End::and_read_on},
                                         Ended{3'000'000, End::asked_for},
                                         Ended{3'000'000, End::failure}));

}  // namespace
}  // namespace millrace::source
