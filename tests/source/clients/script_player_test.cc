// Clients that misbehave on a made-up engine: what each kind sends, what is counted of what the
// server does, and that nothing a server does makes them go on for ever.
#include "source/clients/script_player.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "made_up_engine.h"
#include "mail/clients/client_kind.h"

namespace millrace::source {
namespace {

using metrics::ClientCounts;

const mail::ClientIdentity kSomebody{
    .hello_name = "a.test", .reverse_path = "me@a.test", .forward_path = "you@b.test"};

mail::Script script_of(std::string_view text) {
  std::string why;
  const auto behaviour = mail::client_behaviour(text, why);
  EXPECT_TRUE(behaviour) << why;
  return mail::make_script(*behaviour, kSomebody);
}

// A client and the engine that it is on.
struct Client : ScriptOwner {
  explicit Client(std::string_view text, Duration limit = std::chrono::hours(1),
                  Duration farewell_limit = ScriptPlayer::kFarewellLimit)
      : script(script_of(text)), player(engine, *this, nullptr, false, limit, farewell_limit) {
    engine.takes_at_once = true;
    player.play(script, FileDescriptor(), address, counted);
  }
  void script_over() override { ++over; }
  void not_connected(int error) override {
    ++over;
    not_connected_by = error;
  }
  // What it has sent since the last call.
  std::string said() {
    const std::string text = engine.taken.substr(seen);
    seen = engine.taken.size();
    return text;
  }
  // Turns the loop, until it has ended.
  void turn_until_over() {
    while (over == 0) engine.turn();
  }
  void hang_up(int error = 0) {
    engine.deliver_end(error);
    engine.turn();
  }
  [[nodiscard]] const ClientCounts& counts() const { return counted.counts; }

  net::MadeUpEngine engine{net::MadeUpEngine::Manner::at_once};
  net::SocketAddress address;
  mail::Script script;
  metrics::ClientMetrics counted;
  ScriptPlayer player;
  std::size_t seen = 0;
  int over = 0;
  int not_connected_by = 0;
};

// A server that answers as a good-natured one does, and takes `false_end` for the end of content
// as well.
class ObligingServer {
 public:
  explicit ObligingServer(Client& client, std::string false_end = {})
      : client_(client), false_end_(std::move(false_end)) {}

  // Answers until nothing more comes. Returns all that came.
  std::string serve() {
    client_.engine.complete_connect();
    answer("220 hi\r\n");
    for (std::string more = client_.said(); !more.empty(); more = client_.said()) {
      all_ += more;
      waiting_ += more;
      while (take_one()) {
      }
    }
    return all_;
  }

 private:
  void answer(std::string_view reply) { client_.engine.deliver(reply); }

  bool take_one() { return in_content_ ? take_content() : take_command(); }

  bool take_content() {
    std::size_t end = waiting_.find("\r\n.\r\n");
    std::size_t length = 5;
    if (!false_end_.empty() && waiting_.find(false_end_) < end) {
      end = waiting_.find(false_end_);
      length = false_end_.size();
    }
    if (end == std::string::npos) return false;
    waiting_.erase(0, end + length);
    in_content_ = false;
    answer("250 taken\r\n");
    return true;
  }

  bool take_command() {
    const std::size_t end = waiting_.find("\r\n");
    if (end == std::string::npos) return false;
    const std::string line = waiting_.substr(0, end);
    waiting_.erase(0, end + 2);
    if (line.starts_with("X")) {
      answer("500 what?\r\n");
    } else if (line.starts_with("AUTH")) {
      answer("535 no\r\n");
    } else if (line.starts_with("DATA")) {
      in_content_ = true;
      answer("354 go\r\n");
    } else if (line.starts_with("STARTTLS")) {
      answer("220 go\r\n");
    } else if (line.starts_with("QUIT")) {
      answer("221 bye\r\n");
      client_.hang_up();
    } else {
      answer("250 ok\r\n");
    }
    return true;
  }

  Client& client_;
  std::string false_end_;
  std::string waiting_;
  std::string all_;
  bool in_content_ = false;
};

std::string spoken(std::string_view kind) {
  Client client(kind);
  return ObligingServer(client).serve();
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t number = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++number;
  return number;
}

TEST(ScriptPlayer, TalksEarly) {
  Client client("early-talker");
  client.engine.complete_connect();
  EXPECT_EQ(client.said(), "EHLO a.test\r\n");
  EXPECT_EQ(client.counts().connections, 1U);
}

TEST(ScriptPlayer, WaitsForTheGreetingOtherwise) {
  for (const char* const kind : {"bare-lf LF.LF", "slow-writer", "no-helo", "idle 1h"}) {
    Client client(kind);
    client.engine.complete_connect();
    EXPECT_EQ(client.said(), "") << kind;
  }
}

// All that each kind sends to a server which says yes to everything.
TEST(ScriptPlayer, SendsWhatItsKindIsCalled) {
  EXPECT_EQ(times(spoken("rset-storm 250"), "RSET\r\n"), 250U);
  EXPECT_EQ(times(spoken("rcpt-flood 150"), "RCPT TO:<"), 150U);
  EXPECT_TRUE(holds(spoken("rcpt-flood 150"), "RCPT TO:<150you@b.test>\r\nQUIT\r\n"));
  EXPECT_EQ(times(spoken("unknown-commands 7"), "XMILL"), 7U);
  EXPECT_TRUE(holds(spoken("auth-guess 2"), "AUTH PLAIN AGd1ZXNzMgB3cm9uZzI=\r\n"));
  EXPECT_TRUE(holds(spoken("long-line 5000"), "NOOP " + std::string(5'000, 'x') + "\r\nMAIL"));
  EXPECT_TRUE(holds(spoken("header-flood 3"), "\r\nX-Flood-3: 3\r\n\r\nxxx"));
  EXPECT_TRUE(holds(spoken("mime-bomb 2"), "--level2x--\r\n--level1x--\r\n.\r\nQUIT\r\n"));
  EXPECT_TRUE(spoken("no-helo").starts_with("MAIL FROM:<me@a.test>\r\nRCPT TO:<you@b.test>\r\n"));
  EXPECT_TRUE(spoken("no-quit").ends_with("xx\r\n.\r\n"));
  EXPECT_TRUE(spoken("half-close").ends_with("xx\r\n.\r\n"));
  EXPECT_TRUE(holds(spoken("starttls-then-plain"), "STARTTLS\r\nNOOP\r\nMAIL FROM:"));
  EXPECT_TRUE(holds(spoken("tls-garbage"), "STARTTLS\r\n\xff"));
  EXPECT_EQ(spoken("connect-only"), "");
}

TEST(ScriptPlayer, AsksForMuchAndHardlyReads) {
  Client client("slow-reader");
  client.engine.complete_connect();
  EXPECT_TRUE(client.engine.receives());
  client.engine.deliver("220 hi\r\n");
  EXPECT_EQ(times(client.said(), "EHLO a.test\r\n"), 1'000U);
  EXPECT_FALSE(client.engine.receives());
  while (!client.engine.receives()) client.engine.turn();
  client.engine.deliver("250 hi\r\n");
  EXPECT_FALSE(client.engine.receives());
}

TEST(ScriptPlayer, PipelinesContentBehindData) {
  Client client("pipelined-after-data");
  client.engine.complete_connect();
  client.engine.deliver("220 hi\r\n");
  client.said();
  client.engine.deliver("250 ok\r\n");
  const std::string all = client.said();
  EXPECT_TRUE(all.starts_with("MAIL FROM:<me@a.test>\r\nRCPT TO:<you@b.test>\r\nDATA\r\nFrom:"));
  EXPECT_TRUE(all.ends_with("\r\n.\r\n"));
}

TEST(ScriptPlayer, LeavesOrResetsWithinContent) {
  for (const auto& [kind, leaves] :
       {std::pair{"abort-in-data 500", true}, std::pair{"reset-in-data 500", false}}) {
    Client client(kind);
    const std::string all = ObligingServer(client).serve();
    EXPECT_TRUE(all.ends_with("xx\r\n")) << kind;
    EXPECT_GE(all.size() - all.find("\r\n\r\n"), 500U) << kind;
    EXPECT_EQ(client.engine.output_ended, leaves) << kind;
    EXPECT_EQ(client.engine.closing(), !leaves) << kind;
    client.hang_up();
    EXPECT_EQ(client.counts().by_client, 1U) << kind;
    EXPECT_EQ(client.over, 1) << kind;
  }
}

TEST(ScriptPlayer, EndsItsSideAndReadsOn) {
  Client client("half-close");
  ObligingServer(client).serve();
  EXPECT_TRUE(client.engine.output_ended);
  EXPECT_EQ(client.counts().taken, 1U);
  EXPECT_EQ(client.over, 0);
  client.hang_up();
  EXPECT_EQ(client.counts().by_client, 1U);
}

// A server that hangs up late has its time once nothing is owed any more, and not before.
TEST(ScriptPlayer, WaitsForWhatIsOwedWhenItHasLeft) {
  constexpr std::chrono::milliseconds kFarewell(5);
  Client client("half-close", std::chrono::hours(1), kFarewell);
  client.engine.complete_connect();
  for (const char* const reply :
       {"220 hi\r\n", "250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"}) {
    client.engine.deliver(reply);
  }
  ASSERT_TRUE(client.engine.output_ended);
  const TimePoint left = client.engine.now();
  while (client.engine.now() - left < 4 * kFarewell) client.engine.turn();
  EXPECT_EQ(client.over, 0);
  client.engine.deliver("250 taken\r\n");
  client.turn_until_over();
  EXPECT_EQ(client.counts().taken, 1U);
  EXPECT_EQ(client.counts().by_client, 1U);
}

// The greeting is owed to nobody who leaves without having heard it.
TEST(ScriptPlayer, LeavesWhoNeverGreets) {
  Client client("connect-only", std::chrono::hours(1), std::chrono::milliseconds(5));
  client.engine.complete_connect();
  ASSERT_TRUE(client.engine.output_ended);
  const TimePoint left = client.engine.now();
  while (client.over == 0 && client.engine.now() - left < std::chrono::seconds(5)) {
    client.engine.turn();
  }
  EXPECT_EQ(client.over, 1);
  EXPECT_EQ(client.counts().by_client, 1U);
}

TEST(ScriptPlayer, CountsWhatWasSmuggled) {
  Client naive("bare-lf LF.LF");
  ObligingServer(naive, "\n.\n").serve();
  EXPECT_EQ(naive.counts().smuggled, 1U);
  EXPECT_EQ(naive.counts().taken, 1U);
  EXPECT_EQ(naive.counts().after_quit, 1U);
  Client strict("bare-lf LF.LF");
  ObligingServer(strict).serve();
  EXPECT_EQ(strict.counts().smuggled, 0U);
  EXPECT_EQ(strict.counts().taken, 1U);
  EXPECT_EQ(strict.counts().after_quit, 1U);
}

TEST(ScriptPlayer, WritesNoFasterThanItsRate) {
  Client slow("slow-writer 100");
  slow.engine.complete_connect();
  slow.engine.deliver("220 hi\r\n");
  EXPECT_EQ(slow.said(), "EHLO a.tes");  // a tenth of a second's
  Client one("slow-writer 1");
  one.engine.complete_connect();
  one.engine.deliver("220 hi\r\n");
  EXPECT_EQ(one.said(), "E");
  Client quick("slow-writer 1M");
  quick.engine.complete_connect();
  quick.engine.deliver("220 hi\r\n");
  std::string all = quick.said();
  while (all.size() < 13) {
    quick.engine.turn();
    all += quick.said();
  }
  EXPECT_EQ(all, "EHLO a.test\r\n");
}

TEST(ScriptPlayer, KeepsToItsRateAllTheTime) {
  Client client("slow-writer 100");
  client.engine.complete_connect();
  client.engine.deliver("220 hi\r\n");
  const TimePoint begin = client.engine.now();
  std::string all = client.said();
  while (all.size() < 13) {
    client.engine.turn();
    all += client.said();
  }
  // The second piece of ten bytes is a tenth of a second behind the first.
  EXPECT_GE(client.engine.now() - begin, std::chrono::milliseconds(100));
}

// Ten pieces of content, across the ends of lines: each is a tenth of a second's, and comes when
// all before it have had their time.
TEST(ScriptPlayer, KeepsToItsRateOverManyPieces) {
  using std::chrono::milliseconds;
  constexpr std::size_t kPiece = 100;  // bytes; at 1,000 a second one is a millisecond's
  Client client("slow-writer 1000");
  client.engine.complete_connect();
  client.engine.deliver("220 hi\r\n");
  const TimePoint begin = client.engine.now();
  for (const char* const reply : {"250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"}) {
    while (!client.engine.taken.ends_with("\r\n") || client.said().empty()) client.engine.turn();
    client.engine.deliver(reply);
  }
  for (int piece = 0; piece < 10; ++piece) {
    const std::size_t before = client.engine.taken.size();
    while (client.engine.taken.size() == before) client.engine.turn();
    EXPECT_LE(client.engine.taken.size() - before, kPiece);
    EXPECT_GE(client.engine.now() - begin, milliseconds(before));
  }
  EXPECT_GT(client.engine.taken.size(), 8 * kPiece);
}

TEST(ScriptPlayer, IsIdleForItsTime) {
  Client client("idle 20ms");
  client.engine.complete_connect();
  const TimePoint begin = client.engine.now();
  client.engine.deliver("220 hi\r\n");
  EXPECT_FALSE(client.engine.output_ended);
  while (!client.engine.output_ended) client.engine.turn();
  EXPECT_GE(client.engine.now() - begin, std::chrono::milliseconds(20));
  EXPECT_EQ(client.said(), "");
}

// The limit of a reply is not that of a pause.
TEST(ScriptPlayer, IsIdleBeyondTheLimitOfReplies) {
  Client client("idle 50ms", std::chrono::milliseconds(5));
  client.engine.complete_connect();
  client.engine.deliver("220 hi\r\n");
  while (!client.engine.output_ended) client.engine.turn();
  EXPECT_EQ(client.counts().timed_out, 0U);
}

TEST(ScriptPlayer, SaysGoodbyeToWhoDoesNotPlayAlong) {
  Client client("bare-lf LF.LF");
  client.engine.complete_connect();
  client.engine.deliver("220 hi\r\n");
  client.engine.deliver("250 hi\r\n");
  client.said();
  client.engine.deliver("550 not you\r\n");
  EXPECT_EQ(client.said(), "QUIT\r\n");
  client.engine.deliver("221 bye\r\n");
  client.hang_up();
  EXPECT_EQ(client.counts().after_quit, 1U);
  EXPECT_EQ(client.counts().taken + client.counts().rejected, 0U);
}

// Without a goodbye in its script it leaves, rather than to wait for what does not come.
TEST(ScriptPlayer, LeavesWhoDoesNotPlayAlong) {
  for (const char* const kind : {"no-quit", "abort-in-data", "half-close"}) {
    Client client(kind);
    client.engine.complete_connect();
    client.engine.deliver("554 not now\r\n");
    EXPECT_EQ(client.said(), "") << kind;
    EXPECT_TRUE(client.engine.output_ended) << kind;
  }
}

TEST(ScriptPlayer, SaysNoMoreToWhoCloses) {
  Client client("rset-storm 1000");
  client.engine.complete_connect();
  client.engine.deliver("220 hi\r\n");
  client.engine.deliver("250 hi\r\n");
  client.said();
  client.engine.deliver("250 ok\r\n421 enough\r\n");
  EXPECT_EQ(client.said(), "");
  client.hang_up();
  EXPECT_EQ(client.counts().by_server, 1U);
}

// Who says that it closes, and does not, is not waited for until the pause is over.
TEST(ScriptPlayer, IsNotIdleWithWhoCloses) {
  Client client("idle 1h", std::chrono::milliseconds(20));
  client.engine.complete_connect();
  client.engine.deliver("220 hi\r\n421 too many\r\n");
  const TimePoint begin = client.engine.now();
  while (client.over == 0 && client.engine.now() - begin < std::chrono::seconds(5)) {
    client.engine.turn();
  }
  EXPECT_EQ(client.over, 1);
}

TEST(ScriptPlayer, TellsWhoHungUp) {
  Client server("rset-storm");
  server.engine.complete_connect();
  server.hang_up();
  EXPECT_EQ(server.counts().by_server, 1U);
  Client reset("rset-storm");
  reset.engine.complete_connect();
  reset.hang_up(ECONNRESET);
  EXPECT_EQ(reset.counts().by_reset, 1U);
  Client refused("rset-storm");
  refused.engine.complete_connect(ECONNREFUSED);
  refused.engine.turn();
  EXPECT_EQ(refused.counts().connections, 0U);
  EXPECT_EQ(refused.not_connected_by, ECONNREFUSED);
  EXPECT_EQ(refused.over, 1);
  Client nobody("rset-storm", std::chrono::milliseconds(5));
  nobody.turn_until_over();
  EXPECT_EQ(nobody.not_connected_by, ETIMEDOUT);
  Client silent("rset-storm", std::chrono::milliseconds(5));
  silent.engine.complete_connect();
  silent.turn_until_over();
  EXPECT_EQ(silent.counts().timed_out, 1U);
  EXPECT_EQ(silent.counted.held.count(), 1U);
}

TEST(ScriptPlayer, StopsAtOnce) {
  Client client("idle 1h");
  client.engine.complete_connect();
  client.player.stop();
  client.engine.turn();
  EXPECT_EQ(client.counts().by_end, 1U);
  EXPECT_EQ(client.over, 0);
}

TEST(ScriptPlayer, DoesNotKeepWhatAServerFloodsItWith) {
  Client client("idle 1h");
  client.engine.complete_connect();
  const std::string endless(1 << 20, 'x');
  client.engine.deliver(endless);
  client.engine.turn();
  EXPECT_EQ(client.counts().failed, 1U);
  Client patient("idle 1h");
  patient.engine.complete_connect();
  for (int i = 0; i < 1'000; ++i) patient.engine.deliver("250 ok\r\n250 ok\r\n");
  EXPECT_EQ(patient.over, 0);
  EXPECT_LT(patient.player.stream().storage(), 4'096U);
}

TEST(ScriptPlayer, CountsRepliesByCommandAndWhatNobodyAskedFor) {
  Client client("unknown-commands 3");
  ObligingServer(client).serve();
  const auto& replies = client.counted.replies;
  ASSERT_EQ(replies.of(metrics::ReplyCounts::kUnknown).size(), 1U);
  EXPECT_EQ(replies.of(metrics::ReplyCounts::kUnknown)[0].times, 3U);
  EXPECT_EQ(replies.of(smtp::index(smtp::Verb::quit))[0].code, 221);
  EXPECT_EQ(replies.of(smtp::index(smtp::Verb::connect))[0].code, 220);
}

TEST(ScriptPlayer, CountsBytesOnce) {
  Client client("rset-storm 3");
  ObligingServer(client).serve();
  const net::Traffic moved = client.player.take_traffic();
  EXPECT_EQ(moved.sent, client.engine.taken.size());
  EXPECT_EQ(client.counts().bytes_sent, moved.sent);
  EXPECT_EQ(client.counts().bytes_received, moved.received);
  EXPECT_EQ(client.player.take_traffic().sent, 0U);
}

}  // namespace
}  // namespace millrace::source
