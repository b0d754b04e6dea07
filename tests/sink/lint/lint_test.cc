// What a judge of clients finds in dialogues, and what it does not.
#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "judged_session.h"
#include "pieces.h"

namespace millrace::sink {
namespace {

using namespace judging;
using smtp::Extension;
using Phase = smtp::ServerSession::SessionPhase;

// "-" is "\\-" there.
TEST(Lint, TheManualPageHasTheTable) {
  std::ifstream file(std::string(MILLRACE_SOURCE) + "/doc/smtp-sink.1");
  std::string page(std::istreambuf_iterator<char>(file), {});
  std::erase(page, '\\');
  for (const FindingSpec& row : kFindings) {
    std::string what(row.what);
    what.front() = static_cast<char>(std::toupper(what.front()));
    const std::string entry =
        "\n.TP\n.B " + std::string(row.name) + "\n" + what + " (" + std::string(row.rfc) + ").\n";
    EXPECT_NE(page.find(entry), std::string::npos) << entry;
  }
}

// However content is cut, the same is found of it as often.
TEST(Lint, FindsTheSameInContentHoweverItIsCut) {
  const std::string content =
      std::string("no field\r\nSubject: \xc3\xa4\r\n \r\nSubject: x\r\n\r\na\rb\n") +
      "c\r\r\n.d\r\n..e\r\n\n.\r\n" + std::string("\0", 1) + "\xc3\xa4\r\n" +
      std::string(1'200, 'x') + "\r\n.\rf\r\n.\r\n";
  const auto judged = [&content](test::Cut how, unsigned seed, smtp::Form form) {
    SessionFindings findings;
    ContentJudge judge(findings);
    judge.begin({.size = 3});
    for (const std::string_view piece : test::cut(content, how, seed)) judge.take(piece, form);
    judge.finish();
    std::map<std::string_view, std::uint64_t> times;
    for (const auto& one : findings.all()) times[spec(one.finding).name] = one.times;
    return times;
  };
  for (const smtp::Form form : {smtp::Form::dotted, smtp::Form::plain}) {
    const auto whole = judged(test::Cut::whole, 0, form);
    EXPECT_GE(whole.size(), 12U);
    for (unsigned seed = 1; seed < 30; ++seed) {
      EXPECT_EQ(judged(seed == 1 ? test::Cut::byte_by_byte : test::Cut::random, seed, form), whole)
          << seed;
    }
  }
}

TEST(Lint, CountsAndShowsWhatItFindsByClient) {
  LintTotals totals(LintMode::count);
  for (const std::string name : {"one.example", "two.example", "one.example"}) {
    Session session(totals);
    session.greet();
    session.say("EHLO " + name + "\r\n");
    for (int i = 0; i < 3; ++i) session.say("NOOP \x1b[2J\nx\r\n");
    session.say("QUIT\r\n");
    session.end();
  }
  Session clean(totals);
  clean.greet();
  clean.say("QUIT\r\n");
  clean.end();
  const metrics::LintMetrics found = totals.found();
  EXPECT_EQ(found.sessions, 4U);
  EXPECT_EQ(found.faulty, 3U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_EQ(found.findings.front(), (metrics::LintFinding{.name = "bare-lf",
                                                          .what = "an LF without CR",
                                                          .rfc = "RFC 5321, 2.3.8",
                                                          .times = 9,
                                                          .sessions = 3,
                                                          .sample = "NOOP \\x1b[2J",
                                                          .client = "192.0.2.1 (one.example)"}));
  ASSERT_EQ(found.clients.size(), 2U);
  EXPECT_EQ(found.clients.front(),
            (metrics::LintClient{.address = "192.0.2.1",
                                 .hello = "one.example",
                                 .sessions = 2,
                                 .findings = {{.name = "bare-lf", .times = 6}}}));
  EXPECT_EQ(describe(found), "lint: 3 of 4 sessions broke a rule: bare-lf 9");
}

TEST(Lint, TellsSoManyClientsApartAndNoMore) {
  LintTotals totals(LintMode::count);
  SessionFindings findings;
  findings.add(Finding::no_quit);
  constexpr std::size_t kMost = metrics::LintMetrics::kMostClients;
  for (std::size_t i = 0; i < kMost + 5; ++i) totals.add("192.0.2.1", std::to_string(i), findings);
  const metrics::LintMetrics found = totals.found();
  EXPECT_EQ(found.clients.size(), kMost);
  EXPECT_EQ(found.untold, 5U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_EQ(found.findings.front().times, kMost + 5);
}

TEST(Lint, ASampleIsShortAndShowsNoSecret) {
  LintTotals totals(LintMode::count);
  Session session(totals);
  session.greet();
  session.say("EHLO b.example\r\n");
  session.say("AUTH PLAIN AHNlY3JldABzZWNyZXQ=\r\n");
  session.say("NOOP " + std::string(1'000, 'y') + "\r\n");
  session.end();
  for (const metrics::LintFinding& one : totals.found().findings) {
    EXPECT_LE(one.sample.size(), SessionFindings::kSample + 3) << one.name;
    EXPECT_EQ(one.sample.find("AHNl"), std::string::npos) << one.name;
    if (one.name != "clear-auth") continue;
    EXPECT_EQ(one.sample, "AUTH PLAIN (authentication)");
  }
}

// What follows an AUTH that is not taken up is no command, and a password as like as not.
TEST(Lint, ShowsNoPasswordThatIsTakenForACommand) {
  const std::string secret = "AHNlY3JldABzZWNyZXQ=";
  const std::vector<Turns> sessions{
      {"EHLO b.example\r\n", "AUTH PLAIN\r\n" + secret + "\r\n"},
      {"AUTH LOGIN\r\nc2VjcmV0\r\n" + secret + "\r\n"},
      {"EHLO x\nAUTH PLAIN " + secret + "\nMAIL\r\n"},
      {"NOOP\nAUTH PLAIN\r\n" + secret + "\r\n"},
      {"EHLO b.example\r\n", "MAIL FROM: a@b\rAUTH PLAIN " + secret + "\r\n"},
  };
  for (const LintMode mode : {LintMode::count, LintMode::strict}) {
    for (const Turns& turns : sessions) {
      LintTotals totals(mode);
      Session session(totals, offering({}, {Extension::auth}));
      session.greet();
      for (const std::string& turn : turns) session.say(turn);
      session.say("QUITE\r\n");
      session.say("NOOP\r\n");
      session.say("NOOPS\r\n");
      session.end();
      const metrics::LintMetrics found = totals.found();
      for (const metrics::LintFinding& one : found.findings) {
        EXPECT_EQ(one.sample.find("AHNl"), std::string::npos) << turns.back() << one.name;
        EXPECT_EQ(one.sample.find("c2Vj"), std::string::npos) << turns.back() << one.name;
        EXPECT_EQ(one.client.find("AHNl"), std::string::npos) << turns.back() << one.name;
      }
      for (const metrics::LintClient& client : found.clients) {
        EXPECT_EQ(client.hello.find("AHNl"), std::string::npos) << turns.back();
      }
    }
  }
}

TEST(Lint, ShowsWhatIsNoCommandWhereNoPasswordCanBe) {
  LintTotals totals(LintMode::count);
  Session session(totals);
  session.greet();
  for (const char* const line :
       {"EHLO b.example\r\n", "AUTH PLAIN AGEAYg==\r\n", "NOOP\r\n", "HELLO\r\n"}) {
    session.say(line);
  }
  session.end();
  for (const metrics::LintFinding& one : totals.found().findings) {
    if (one.name != "unknown-command") continue;
    EXPECT_EQ(one.sample, "HELLO");
  }
}

TEST(Lint, SeesWhatIsSaidBeforeTheGreetingOnce) {
  LintTotals totals(LintMode::count);
  Session session(totals);
  session.lint->spoke_first("");
  session.lint->spoke_first("EHLO x\r\nMAIL");
  session.lint->spoke_first("EHLO x\r\nMAIL");
  session.greet();
  EXPECT_TRUE(session.lint->greeting_sent());
  session.say("EHLO x\r\n");
  session.say("QUIT\r\n");
  session.end();
  const auto found = totals.found();
  ASSERT_EQ(names(found), std::set<std::string>{"before-greeting"});
  EXPECT_EQ(found.findings.front().times, 1U);
  EXPECT_EQ(found.findings.front().sample, "EHLO x");
}

TEST(Lint, SeesWhatIsNoHandshake) {
  LintTotals totals(LintMode::count);
  Session session(totals);
  session.greet();
  session.lint->no_tls_handshake();
  session.observers.ended(Ending::ours, 0, TimePoint());
  EXPECT_EQ(names(totals.found()), std::set<std::string>{"no-tls-handshake"});
}

// What is left of a chunk never comes.
TEST(Lint, SeesAChunkThatIsLessThanItsCount) {
  LintTotals totals(LintMode::count);
  Session session(totals, offering({Extension::chunking}));
  session.greet();
  for (const char* const line : {"EHLO b.example\r\n", "MAIL FROM:<a@b.example>\r\n",
                                 "RCPT TO:<c@d.example>\r\n", "BDAT 100 LAST\r\nDate: x\r\n"}) {
    session.say(line);
  }
  session.lint->read_timeout();
  session.observers.ended(Ending::ours, 0, TimePoint());
  EXPECT_EQ(names(totals.found()), std::set<std::string>{"bdat-count"});
}

// A session that is too long, and a connection that is lost, are no wrong counts.
TEST(Lint, AChunkThatIsCutShortIsNoWrongCount) {
  LintTotals totals(LintMode::count);
  for (const Ending ending : {Ending::ours, Ending::clients}) {
    Session session(totals, offering({Extension::chunking}));
    session.greet();
    for (const char* const line : {"EHLO b.example\r\n", "MAIL FROM:<a@b.example>\r\n",
                                   "RCPT TO:<c@d.example>\r\n", "BDAT 100 LAST\r\nDate: x\r\n"}) {
      session.say(line);
    }
    if (ending == Ending::ours) {
      session.observers.failed(metrics::Error::timeout, "session time limit");
    }
    session.observers.ended(ending, 0, TimePoint());
  }
  EXPECT_EQ(names(totals.found()), std::set<std::string>{"no-quit"});
}

TEST(Lint, WhoIsNotAnsweredMayGo) {
  LintTotals totals(LintMode::count);
  Session session(totals);
  session.greet();
  session.say("EHLO b.example\r\n");
  session.lint->left_unanswered();
  session.observers.ended(Ending::clients, 0, TimePoint());
  EXPECT_EQ(names(totals.found()), std::set<std::string>());
}

class EarlyRetries : public testing::Test {
 protected:
  // A session whose client tries to send a message; what is found in it.
  std::set<std::string> attempt(std::optional<smtp::Verb> soft, std::chrono::seconds at,
                                const std::string& recipient = "c@d.example",
                                const std::string& reply = "451 4.3.0 later\r\n") {
    Session session(totals, offering(), listener);
    session.policy->soft = soft;
    session.policy->soft_reply = reply;
    session.greet();
    session.lint->time(TimePoint() + at);
    for (const std::string& turn :
         message(kText, "MAIL FROM:<a@b.example>\r\n", "RCPT TO:<" + recipient + ">\r\n")) {
      session.say(turn);
    }
    session.end();
    const auto found = totals.found();
    std::uint64_t times = 0;
    for (const auto& one : found.findings) times += one.name == "early-retry" ? one.times : 0;
    const bool more = times > seen;
    seen = times;
    return more ? std::set<std::string>{"early-retry"} : std::set<std::string>();
  }

  const std::set<std::string> kNone{};
  const std::set<std::string> kEarly{"early-retry"};
  LintTotals totals{LintMode::count};
  std::string listener;
  std::uint64_t seen = 0;
};

TEST_F(EarlyRetries, OfARecipientAreSeenAcrossSessions) {
  using namespace std::chrono_literals;
  EXPECT_EQ(attempt(smtp::Verb::rcpt, 0s), kNone);
  EXPECT_EQ(attempt({}, 1s, "other@d.example"), kNone);
  EXPECT_EQ(attempt({}, 10s), kEarly);
  EXPECT_EQ(attempt({}, 11s), kNone);
}

TEST_F(EarlyRetries, OfAMessageAreSeen) {
  using namespace std::chrono_literals;
  EXPECT_EQ(attempt(smtp::Verb::end_of_data, 0s), kNone);
  EXPECT_EQ(attempt({}, 3s), kEarly);
}

// Another listener is another server to the client.
TEST_F(EarlyRetries, AtAnotherListenerAreNone) {
  using namespace std::chrono_literals;
  EXPECT_EQ(attempt(smtp::Verb::rcpt, 0s), kNone);
  listener = "other";
  EXPECT_EQ(attempt({}, 1s), kNone);
  listener.clear();
  EXPECT_EQ(attempt({}, 1s), kEarly);
}

// It may be another message to the same recipient.
TEST(Lint, StrictRefusesNoEarlyRetry) {
  LintTotals totals(LintMode::strict);
  for (const bool deferred : {true, false}) {
    Session session(totals);
    if (deferred) session.policy->soft = smtp::Verb::rcpt;
    session.greet();
    session.say("EHLO b.example\r\n");
    session.say("MAIL FROM:<a@b.example>\r\n");
    EXPECT_EQ(session.say("RCPT TO:<c@d.example>\r\n"),
              deferred ? "451 4.3.0 later\r\n" : "250 2.1.5 Ok\r\n");
    session.say("QUIT\r\n");
    session.end();
  }
  EXPECT_EQ(names(totals.found()), std::set<std::string>{"early-retry"});
}

// As many as there is room for, and newer ones in place of those that are 10 seconds old.
TEST(Lint, RemembersTheLatestDeferrals) {
  using namespace std::chrono_literals;
  Deferrals deferrals;
  const TimePoint begin{1h};
  const auto note = [&](std::uint64_t key, TimePoint now) { deferrals.note({&key, 1}, now); };
  EXPECT_FALSE(deferrals.lately(0, TimePoint{}));
  std::vector<std::uint64_t> many(2 * Deferrals::kMost);
  std::iota(many.begin(), many.end(), 0);
  deferrals.note(many, begin);
  EXPECT_TRUE(deferrals.lately(0, begin + 10s));
  EXPECT_TRUE(deferrals.lately(Deferrals::kMost - 1, begin));
  EXPECT_FALSE(deferrals.lately(Deferrals::kMost, begin));
  note(1'000'000, begin + 11s);
  EXPECT_TRUE(deferrals.lately(1'000'000, begin + 21s));
  EXPECT_FALSE(deferrals.lately(1'000'000, begin + 22s));
  EXPECT_FALSE(deferrals.lately(0, begin + 11s));
  note(1'000'001, begin + 22s);
  note(1'000'002, begin + 33s);
  EXPECT_TRUE(deferrals.lately(1'000'001, begin + 32s));
  EXPECT_TRUE(deferrals.lately(1'000'002, begin + 33s));
}

// Each thread has the time of its own turn.
TEST(Lint, RemembersADeferralThatIsNotedBehindALaterOne) {
  using namespace std::chrono_literals;
  Deferrals deferrals;
  const std::uint64_t late = 1;
  const std::uint64_t early = 2;
  deferrals.note({&late, 1}, TimePoint{1h} + 5s);
  deferrals.note({&early, 1}, TimePoint{1h});
  EXPECT_TRUE(deferrals.lately(late, TimePoint{1h} + 15s));
  EXPECT_TRUE(deferrals.lately(early, TimePoint{1h} + 10s));
  EXPECT_FALSE(deferrals.lately(early, TimePoint{1h} + 11s));
}

// RFC 5321, 4.5.3.1.10: those that are too many are to be tried again at once.
TEST_F(EarlyRetries, OfTooManyRecipientsAreNone) {
  using namespace std::chrono_literals;
  EXPECT_EQ(attempt(smtp::Verb::rcpt, 0s, "c@d.example", "452 4.5.3 too many\r\n"), kNone);
  EXPECT_EQ(attempt({}, 1s), kNone);
}

TEST(Lint, StrictRefusesWhatItFindsAndNamesIt) {
  LintTotals totals(LintMode::strict);
  Session session(totals);
  session.greet();
  EXPECT_EQ(session.say("EHLO 192.0.2.1\r\n"),
            "501 5.5.4 Error: the name in HELO, EHLO or LHLO is neither a domain nor an address "
            "literal (hello-name: RFC 5321, 4.1.1.1)\r\n");
  EXPECT_TRUE(session.say("EHLO b.example\r\n").starts_with("250-"));
  EXPECT_EQ(
      session.say("MAIL FROM: <a@b.example>\r\n"),
      "501 5.5.4 Error: a blank stands before the path (blank-before-path: RFC 5321, 3.3)\r\n");
  EXPECT_EQ(session.say("MAIL FROM:<a@b.example>\r\n"), "250 2.1.0 Ok\r\n");
  EXPECT_EQ(session.say("RCPT TO:<c@d.example>\r\n"), "250 2.1.5 Ok\r\n");
  EXPECT_TRUE(session.say("DATA\r\n").starts_with("354"));
  EXPECT_EQ(session.say(kHeader.substr(kHeader.find("From")) + "\r\n.\r\n"),
            "554 5.6.0 Error: the header has no Date (no-date: RFC 5322, 3.6.1)\r\n");
  // It goes on, and what is right is taken.
  EXPECT_EQ(session.say("MAIL FROM:<a@b.example>\r\n"), "250 2.1.0 Ok\r\n");
  session.say("RCPT TO:<c@d.example>\r\n");
  session.say("DATA\r\n");
  EXPECT_EQ(session.say(kText + ".\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(session.say("XYZ \nx\r\n"), "500 5.5.1 Error: unknown command\r\n");
  EXPECT_EQ(session.say("NOOP\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(session.say("QUIT\r\n"), "221 Bye\r\n");
}

// RFC 5321, 4.2.2, 4.2.4 and 4.3.2: what the reply is to makes a difference.
TEST(Lint, StrictRefusesWithTheCodeOfWhatItIsAbout) {
  struct Row {
    Turns turns;
    std::string_view reply;  // how that to the last of them begins
    std::string ehlo = {};   // a rule's reply to EHLO
  };
  const std::string mail = "MAIL FROM:<a@b.example>\r\n";
  const std::string hello = "EHLO b.example\r\n";
  const auto content = [&](const std::string& text, const std::string& with = {}) {
    Turns turns = message(text, with.empty() ? mail : with);
    turns.pop_back();
    return turns;
  };
  const std::vector<Row> rows{
      {{"NOOP a\nb\r\n"}, "500 5.5.2 Error: an LF without CR"},
      {{"NOOP a\rb\r\n"}, "500 5.5.2 Error: a CR without LF"},
      {{std::string("NOOP \0\r\n", 8)}, "500 5.5.2 Error: a NUL"},
      {{"NOOP " + std::string(600, 'x') + "\r\n"}, "500 5.5.2 Error: a command line"},
      {content(kText + "a\nb\r\n"), "550 5.5.2 Error: an LF without CR"},
      {content(kText + "a\rb\r\n"), "550 5.5.2 Error: a CR without LF"},
      {content(kText + std::string(999, 'x') + "\r\n"), "500 5.5.2 Error: a line of text"},
      {{hello, "MAIL FROM:<a@b.example> RET=HDRS\r\n"}, "555 5.5.4 ", "250 server.example\r\n"},
      {{hello, mail, "RCPT TO:<c@d.example> NOTIFY=NEVER\r\n"},
       "555 5.5.4 ",
       "250 server.example\r\n"},
      {{"HELO b.example\r\n", "MAIL FROM:<a@b.example> RET=HDRS\r\n"}, "555 5.5.4 "},
      {{hello, "AUTH SCRAM-SHA-1 x\r\n"}, "502 5.5.1 ", "250 server.example\r\n"},
      {{"HELO b.example\r\n", "AUTH SCRAM-SHA-1 x\r\n"}, "503 5.5.1 "},
      {{hello, "MAIL FROM:<a@b.example> SIZE=big\r\n"}, "501 5.5.4 Error: SIZE"},
      {content(kText, "MAIL FROM:<a@b.example> SIZE=1\r\n"), "554 5.6.0 Error: SIZE"},
      {content(kText + ".\r\nNOOP\r\n"), "554 5.5.0 ", "250-server.example\r\n250 DSN\r\n"},
      {content("Content-Type: text/plain\r\nContent-type: text/html\r\n" + kText),
       "554 5.6.0 Error: a field that may be there once is there again (doubled-field: RFC 5322, "
       "3.6; RFC 2045, 3)"},
  };
  for (const Row& row : rows) {
    LintTotals totals(LintMode::strict);
    Session session(totals, offering({Extension::size}));
    session.policy->ehlo_reply = row.ehlo;
    session.greet();
    std::string reply;
    for (const std::string& turn : row.turns) reply = session.say(turn);
    EXPECT_TRUE(reply.starts_with(row.reply)) << row.turns.back() << reply;
  }
}

// RFC 4954, 4.
TEST(Lint, StrictTakesALongAuth) {
  for (const std::size_t length : {3'000, 12'000}) {
    LintTotals totals(LintMode::strict);
    Session session(totals);
    session.greet();
    session.say("EHLO b.example\r\n");
    EXPECT_EQ(session.say("AUTH SCRAM-SHA-1 " + std::string(length, 'x') + "\r\n"),
              "250 2.0.0 Ok\r\n");
    session.say("QUIT\r\n");
    session.end();
    EXPECT_EQ(names(totals.found()), std::set<std::string>());
  }
}

TEST(Lint, StrictHangsUpOnContentThatWouldBeTakenForCommands) {
  LintTotals totals(LintMode::strict);
  Session session(totals);
  session.greet();
  session.say("EHLO b.example\r\n");
  EXPECT_EQ(
      session.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + kText + ".\r\n"),
      "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n554 5.5.0 Error: content was sent behind DATA, before "
      "the 354 (before-354: RFC 5321, 4.1.1.4; RFC 2920, 3.1)\r\n");
  EXPECT_EQ(session.session->phase(), Phase::closed);
}

TEST(Lint, StrictRefusesTheFirstCommandOfWhoSpokeFirst) {
  LintTotals totals(LintMode::strict);
  Session session(totals);
  session.lint->spoke_first("EHLO x\r\n");
  session.greet();
  EXPECT_TRUE(session.say("EHLO x\r\n").starts_with("503 5.5.0"));
  EXPECT_TRUE(session.say("EHLO x\r\n").starts_with("250-"));
}

TEST(Lint, StrictRefusesChunksOfWhichOneIsWrong) {
  LintTotals totals(LintMode::strict);
  Session session(totals, offering({Extension::chunking}));
  session.greet();
  session.say("EHLO b.example\r\n");
  session.say("MAIL FROM:<a@b.example>\r\n");
  session.say("RCPT TO:<c@d.example>\r\n");
  EXPECT_EQ(session.say("BDAT 2\r\na\n"), "250 2.0.0 Ok\r\n");
  EXPECT_TRUE(session.say("BDAT 0 LAST\r\n").starts_with("550 5.5.2"));
}

TEST(Lint, StrictTakesNoMailBeforeAHello) {
  LintTotals totals(LintMode::strict);
  Session session(totals);
  session.greet();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(session.say("MAIL FROM:<a@b.example>\r\n").starts_with("503 5.5.1")) << i;
  }
  EXPECT_TRUE(session.say("RSET\r\n").starts_with("250"));
  session.say("EHLO b.example\r\n");
  EXPECT_EQ(session.say("MAIL FROM:<a@b.example>\r\n"), "250 2.1.0 Ok\r\n");
  session.say("QUIT\r\n");
  session.end();
  const metrics::LintMetrics found = totals.found();
  ASSERT_EQ(names(found), std::set<std::string>{"no-hello"});
  EXPECT_EQ(found.findings.front().times, 1U);
}

// What is wrong with content is of its message only.
TEST(Lint, StrictRefusesNoOtherCommandForAChunk) {
  for (const std::string reset : {"RSET\r\n", "EHLO b.example\r\n"}) {
    LintTotals totals(LintMode::strict);
    Session session(totals, offering({Extension::chunking}));
    session.greet();
    session.say("EHLO b.example\r\n");
    session.say("MAIL FROM:<a@b.example>\r\n");
    session.say("RCPT TO:<c@d.example>\r\n");
    EXPECT_EQ(session.say("BDAT 2\r\na\n"), "250 2.0.0 Ok\r\n");
    EXPECT_EQ(session.say("NOOP\r\n"), "250 2.0.0 Ok\r\n");
    EXPECT_TRUE(session.say(reset).starts_with("250")) << reset;
    EXPECT_EQ(session.say("MAIL FROM:<a@b.example>\r\n"), "250 2.1.0 Ok\r\n");
    session.say("RCPT TO:<c@d.example>\r\n");
    EXPECT_EQ(session.say("BDAT " + std::to_string(kText.size()) + " LAST\r\n" + kText),
              "250 2.0.0 Ok\r\n");
    session.say("QUIT\r\n");
    session.end();
    EXPECT_EQ(names(totals.found()), (std::set<std::string>{"bad-field", "bare-lf"}));
  }
}

TEST(Lint, ADotThatEndsNoContentEndsNoMessage) {
  LintTotals totals(LintMode::strict);
  Session session(totals);
  session.greet();
  session.say("EHLO b.example\r\n");
  session.say("MAIL FROM:<a@b.example>\r\n");
  session.say("RCPT TO:<c@d.example>\r\n");
  session.say(".\r\n");
  EXPECT_TRUE(session.say("DATA\r\n").starts_with("354"));
  EXPECT_EQ(session.say(kText + ".\r\n"), "250 2.0.0 Ok\r\n");
  session.say("QUIT\r\n");
  session.end();
  EXPECT_EQ(names(totals.found()), std::set<std::string>{"unknown-command"});
}

TEST(Lint, CountingRefusesNothing) {
  LintTotals totals(LintMode::count);
  Session session(totals);
  session.greet();
  EXPECT_TRUE(session.say("EHLO 192.0.2.1\r\n").starts_with("250-"));
  EXPECT_EQ(session.say("MAIL FROM: a@b\r\n"), "250 2.1.0 Ok\r\n");
}

}  // namespace
}  // namespace millrace::sink
