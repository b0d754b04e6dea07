// What a judge of clients finds in dialogues, and what it does not.
#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/address_pool.h"
#include "output_text.h"
#include "pieces.h"
#include "sink/lint/lint_observer.h"
#include "sink/lint/lint_totals.h"
#include "smtp/server_session.h"

namespace millrace::sink {
namespace {

using Phase = smtp::ServerSession::SessionPhase;
using smtp::Extension;
using smtp::ExtensionSet;

// Lets everything pass that the judge lets.
struct Judged final : smtp::ServerPolicy {
  explicit Judged(LintObserver& judge) : lint(judge) {}

  smtp::Decision decide(smtp::Verb verb, std::string_view) override {
    smtp::Decision decision = soft == verb ? deferral() : smtp::Decision{};
    if (verb != smtp::Verb::connect && verb != smtp::Verb::quit) lint.object(decision);
    return decision;
  }
  smtp::Decision decide_content(smtp::Form) override { return {}; }
  smtp::Decision decide_end() override {
    smtp::Decision decision = soft == smtp::Verb::end_of_data ? deferral() : smtp::Decision{};
    lint.object(decision);
    return decision;
  }
  bool admit_message() override { return true; }
  smtp::AuthenticationStep start_authentication(std::string_view,
                                                std::optional<std::string_view>) override {
    return {.kind = smtp::AuthenticationStep::Kind::accepted};
  }
  smtp::AuthenticationStep continue_authentication(std::string_view) override { return {}; }

  [[nodiscard]] smtp::Decision deferral() const {
    return {.action = smtp::Decision::Action::answer, .reply = smtp::given_reply(soft_reply)};
  }

  LintObserver& lint;
  std::optional<smtp::Verb> soft;  // what is deferred
  std::string soft_reply = "451 4.3.0 later\r\n";
};

// A server that offers these besides the usual extensions, and not those.
smtp::ServerProfile offering(ExtensionSet more = {}, ExtensionSet less = {}) {
  smtp::ServerProfile profile;
  profile.offered = (profile.offered | more) - less;
  return profile;
}

// A session of a sink that judges, without a connection.
class Session {
 public:
  explicit Session(LintTotals& totals, const smtp::ServerProfile& profile = offering(),
                   const std::string& name = {})
      : listener(with(profile, name)) {
    auto judge = std::make_unique<LintObserver>(totals, listener);
    lint = judge.get();
    observers.add(std::move(judge));
    observers.opened(*net::numeric_address("192.0.2.1", 1), TimePoint());
    policy.emplace(*lint);
    session.emplace(listener.profile, listener.replies, *policy, observers);
  }

  void greet() {
    session->start({}, out);
    test::take(out);
  }

  // All of it comes at once; the replies to it.
  std::string say(std::string_view text) {
    while (!text.empty() && session->phase() != Phase::closed) {
      text.remove_prefix(session->feed(text, out));
      if (session->phase() != Phase::securing) continue;
      observers.secured({.version = "TLSv1.3"});
      session->secured();
    }
    return test::take(out);
  }

  void end() {
    const bool quit = session->ending() == smtp::ServerSession::Ending::quit;
    observers.ended(quit ? Ending::quit : Ending::clients, 0, TimePoint());
  }

 private:
  static Listener with(const smtp::ServerProfile& profile, const std::string& name) {
    Listener plain;
    plain.name = name;
    plain.profile = profile;
    return plain;
  }

 public:
  OpenListener listener;
  LintObserver* lint = nullptr;
  SessionObservers observers;
  std::optional<Judged> policy;
  std::optional<smtp::ServerSession> session;
  Output out;
};

// What a client says: each string at once, and the next when that is answered.
using Turns = std::vector<std::string>;

std::set<std::string> names(const metrics::LintMetrics& found) {
  std::set<std::string> all;
  for (const metrics::LintFinding& one : found.findings) all.insert(one.name);
  return all;
}

// What is found in a session of these turns.
std::set<std::string> found_in(const Turns& turns,
                               const smtp::ServerProfile& profile = offering()) {
  LintTotals totals(LintMode::count);
  Session session(totals, profile);
  session.greet();
  for (const std::string& turn : turns) session.say(turn);
  session.end();
  return names(totals.found());
}

const std::string kHeader =
    "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: <a@b.example>\r\nMessage-ID: <1@b.example>\r\n";
const std::string kText = kHeader + "\r\nHello.\r\n";

// A session with a message of this content, which `mail` and `rcpt` are the envelope of.
Turns message(const std::string& content, const std::string& mail = "MAIL FROM:<a@b.example>\r\n",
              const std::string& rcpt = "RCPT TO:<c@d.example>\r\n") {
  return {"EHLO b.example\r\n", mail, rcpt, "DATA\r\n", content + ".\r\n", "QUIT\r\n"};
}

// The same by one BDAT.
Turns chunk(const std::string& content, const std::string& mail = "MAIL FROM:<a@b.example>\r\n") {
  return {"EHLO b.example\r\n", mail, "RCPT TO:<c@d.example>\r\n",
          "BDAT " + std::to_string(content.size()) + " LAST\r\n" + content, "QUIT\r\n"};
}

// These commands behind a hello.
Turns commands(const Turns& all) {
  Turns turns{"EHLO b.example\r\n"};
  turns.insert(turns.end(), all.begin(), all.end());
  turns.emplace_back("QUIT\r\n");
  return turns;
}

const ExtensionSet kModern = smtp::all_extensions();

// A row a finding: what a client does, what it should have done, and the extensions that are
// offered besides the usual ones.
struct Case {
  Finding finding;
  Turns wrong;
  Turns right;
  ExtensionSet more = {};
  ExtensionSet less = {};
};

std::vector<Case> cases() {
  const std::string long_name(500, 'x');
  return {
      {Finding::bare_cr, message(kText + "a\rb\r\n"), message(kText + "a\r\nb\r\n")},
      {Finding::bare_cr, commands({"NOOP a\rb\r\n"}), commands({"NOOP ab\r\n"})},
      {Finding::bare_lf, message(kText + "a\nb\r\n"), message(kText + "a\r\nb\r\n")},
      {Finding::bare_lf, commands({"NOOP a\nb\r\n"}), commands({"NOOP\r\n"})},
      {Finding::bare_lf, chunk(kText + "a\n"), chunk(kText + "a"), kModern},
      {Finding::nul, message(kText + std::string("a\0b\r\n", 5)), message(kText + "ab\r\n")},
      {Finding::nul, commands({std::string("NOOP \0\r\n", 8)}), commands({"NOOP\r\n"})},
      {Finding::long_command, commands({"NOOP " + std::string(506, 'x') + "\r\n"}),
       commands({"NOOP " + std::string(505, 'x') + "\r\n"})},
      {Finding::long_command,
       {"EHLO b.example\r\n", "NOOP " + std::string(3'000, 'x')},
       commands({"MAIL FROM:<a@b.example> ENVID=" + long_name + "\r\n"})},
      {Finding::long_line, message(kText + std::string(999, 'x') + "\r\n"),
       message(kText + std::string(998, 'x') + "\r\n")},
      {Finding::long_line, message("X-Y: " + std::string(994, 'x') + "\r\n" + kText),
       message(".." + std::string(994, 'x') + ": y\r\n" + kText)},
      {Finding::eight_bit_body, message(kText + "\xc3\xa4\r\n"),
       message(kText + "\xc3\xa4\r\n", "MAIL FROM:<a@b.example> BODY=8BITMIME\r\n")},
      {Finding::eight_bit_body,
       message(kText + "\xc3\xa4\r\n", "MAIL FROM:<a@b.example> BODY=7BIT\r\n"),
       chunk(kText + "\xc3\xa4\r\n", "MAIL FROM:<a@b.example> BODY=BINARYMIME\r\n"), kModern},
      {Finding::eight_bit_header, message("Subject: \xc3\xa4\r\n" + kText),
       message("Subject: \xc3\xa4\r\n" + kText, "MAIL FROM:<a@b.example> SMTPUTF8\r\n"), kModern},
      {Finding::utf8_address, message(kText, "MAIL FROM:<\xc3\xa4@b.example>\r\n"),
       message(kText, "MAIL FROM:<a@b.example>\r\n")},
      {Finding::utf8_address, commands({"MAIL FROM:<\xc3\xa4@b.example>\r\n"}),
       commands(
           {"MAIL FROM:<\xc3\xa4@b.example> SMTPUTF8\r\n", "RCPT TO:<\xc3\xa4@d.example>\r\n"}),
       kModern},
      {Finding::before_reply,
       {"EHLO b.example\r\nNOOP\r\n", "QUIT\r\n"},
       {"EHLO b.example\r\n", "NOOP\r\n", "QUIT\r\n"}},
      {Finding::before_reply,
       commands({"RSET\r\nNOOP\r\n"}),
       commands({"RSET\r\n", "NOOP\r\n"}),
       {},
       {Extension::pipelining}},
      {Finding::before_reply,
       {"HELO b.example\r\n", "RSET\r\nNOOP\r\n", "QUIT\r\n"},
       commands({"RSET\r\nNOOP\r\n"})},
      {Finding::before_reply,
       commands({"MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n", "DATA\r\n",
                 kText + ".\r\nRSET\r\n"}),
       message(kText),
       {},
       {Extension::pipelining}},
      {Finding::behind_group_end, commands({"NOOP\r\nRSET\r\n"}), commands({"RSET\r\nNOOP\r\n"})},
      {Finding::before_354,
       commands({"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + kText + ".\r\n"}),
       commands({"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n", kText + ".\r\n"})},
      {Finding::behind_starttls, commands({"STARTTLS\r\nEHLO b.example\r\n"}),
       commands({"STARTTLS\r\n", "EHLO b.example\r\n"}), kModern},
      {Finding::hello_name,
       {"EHLO 192.0.2.1\r\n", "QUIT\r\n"},
       {"EHLO [192.0.2.1]\r\n", "QUIT\r\n"}},
      {Finding::hello_name, {"HELO\r\n", "QUIT\r\n"}, {"HELO localhost\r\n", "QUIT\r\n"}},
      {Finding::hello_name,
       {"EHLO [2001:db8::1]\r\n", "QUIT\r\n"},
       {"EHLO [IPv6:2001:db8::1]\r\n", "QUIT\r\n"}},
      {Finding::hello_name,
       {"EHLO my_host.example\r\n", "QUIT\r\n"},
       {"EHLO my-host.example\r\n", "QUIT\r\n"}},
      {Finding::no_hello,
       {"MAIL FROM:<a@b.example>\r\n", "QUIT\r\n"},
       {"NOOP\r\n", "HELO b.example\r\n", "MAIL FROM:<a@b.example>\r\n", "QUIT\r\n"}},
      {Finding::no_hello_after_tls, commands({"STARTTLS\r\n", "MAIL FROM:<a@b.example>\r\n"}),
       commands({"STARTTLS\r\n", "EHLO b.example\r\n", "MAIL FROM:<a@b.example>\r\n"}), kModern},
      {Finding::order, commands({"RCPT TO:<c@d.example>\r\n"}),
       commands({"MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n"})},
      {Finding::order, commands({"MAIL FROM:<a@b.example>\r\n", "DATA\r\n"}),
       commands({"MAIL FROM:<a@b.example>\r\n", "RSET\r\n"})},
      {Finding::order, commands({"MAIL FROM:<a@b.example>\r\n", "MAIL FROM:<a@b.example>\r\n"}),
       commands({"MAIL FROM:<a@b.example>\r\n", "RSET\r\n", "MAIL FROM:<a@b.example>\r\n"})},
      {Finding::order, commands({"STARTTLS\r\n", "EHLO b.example\r\n", "STARTTLS\r\n"}),
       commands({"STARTTLS\r\n", "EHLO b.example\r\n", "NOOP\r\n"}), kModern},
      {Finding::unknown_command, commands({"HELLO\r\n"}), commands({"HELP\r\n"})},
      {Finding::unknown_command, commands({"\r\n"}), commands({"noop\r\n"})},
      {Finding::unknown_command, commands({".\r\n"}), commands({"VRFY a\r\n"})},
      {Finding::not_announced, commands({"BDAT 0 LAST\r\n"}), commands({"XCLIENT NAME=x\r\n"})},
      {Finding::not_announced, commands({"MAIL FROM:<a@b.example> SIZE=1\r\n"}),
       commands({"MAIL FROM:<a@b.example> BODY=7BIT RET=HDRS\r\n"})},
      {Finding::not_announced,
       {"HELO b.example\r\n", "MAIL FROM:<a@b.example> RET=HDRS\r\n", "QUIT\r\n"},
       {"HELO b.example\r\n", "MAIL FROM:<a@b.example>\r\n", "QUIT\r\n"}},
      {Finding::blank_before_path, commands({"MAIL FROM: <a@b.example>\r\n"}),
       commands({"MAIL FROM:<a@b.example>\r\n"})},
      {Finding::no_brackets, commands({"MAIL FROM:a@b.example\r\n"}),
       commands({"mail from:<a@b.example>\r\n"})},
      {Finding::bad_path, commands({"MAIL <a@b.example>\r\n"}), commands({"MAIL FROM:<>\r\n"})},
      {Finding::bad_path, commands({"MAIL FROM:<nobody>\r\n"}),
       commands({"MAIL FROM:<a@b.example>\r\n", "RCPT TO:<Postmaster>\r\n",
                 "RCPT TO:<@x.example:c@d.example>\r\n"})},
      {Finding::clear_auth, commands({"AUTH PLAIN AGEAYg==\r\n"}),
       commands({"STARTTLS\r\n", "EHLO b.example\r\n", "AUTH PLAIN AGEAYg==\r\n"}), kModern},
      {Finding::wrong_size,
       message(kText, "MAIL FROM:<a@b.example> SIZE=" + std::to_string(kText.size() - 1) + "\r\n"),
       message(kText, "MAIL FROM:<a@b.example> SIZE=" + std::to_string(kText.size()) + "\r\n"),
       {Extension::size}},
      {Finding::wrong_size,
       commands({"MAIL FROM:<a@b.example> SIZE=big\r\n"}),
       commands({"MAIL FROM:<a@b.example> SIZE=0\r\n"}),
       {Extension::size}},
      {Finding::bdat_count,
       commands({"MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n", "BDAT ten\r\n"}),
       chunk(kText),
       {Extension::chunking}},
      {Finding::bdat_count,
       commands({"MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n",
                 "BDAT " + std::to_string(kText.size() - 3) + " LAST\r\n" + kText}),
       commands({"MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n",
                 "BDAT 4\r\nDateBDAT " + std::to_string(kText.size() - 4) + " LAST\r\n" +
                     kText.substr(4)}),
       {Extension::chunking}},
      {Finding::unstuffed_dot, message(kText + ".a\r\n"), message(kText + "..a\r\n")},
      {Finding::no_date, message(kHeader.substr(kHeader.find("From")) + "\r\n"), message(kText)},
      {Finding::no_from, message("Date: x\r\nMessage-ID: <1@b>\r\n\r\n"), message(kHeader)},
      {Finding::no_message_id, message("Date: x\r\nFrom: <a@b>\r\n\r\n"),
       message("date: x\r\nFROM: <a@b>\r\nMessage-Id: <1@b>\r\n\r\nx\r\n")},
      {Finding::doubled_field, message("Subject: a\r\nSubject: b\r\n" + kText),
       message("Received: a\r\nReceived: b\r\nSubject: a\r\n" + kText + "Subject: b\r\n")},
      {Finding::bad_field, message("no field\r\n" + kText), message("X-Field:\r\n" + kText)},
      {Finding::bad_field, message("Subject : x\r\n" + kText),
       message("Subject: x : y\r\n" + kText)},
      {Finding::bad_folding, message("Subject: a\r\n \t\r\n b\r\n" + kText),
       message("Subject: a\r\n\tb\r\n c\r\n" + kText)},
      {Finding::bad_folding, message(" a\r\n" + kText), message("A: b\r\n a\r\n" + kText)},
      {Finding::no_quit, {"EHLO b.example\r\n"}, {"EHLO b.example\r\n", "QUIT\r\n"}},
      {Finding::no_quit, {}, {"QUIT\r\n"}},
  };
}

TEST(Lint, FindsWhatIsWrongAndNotWhatIsRight) {
  for (const Case& one : cases()) {
    const std::string name(spec(one.finding).name);
    SCOPED_TRACE(name + ": " + (one.wrong.empty() ? "" : one.wrong.back()));
    const auto profile = offering(one.more, one.less);
    EXPECT_TRUE(found_in(one.wrong, profile).contains(name));
    EXPECT_EQ(found_in(one.right, profile), std::set<std::string>());
  }
}

// These depend on what lies beyond the dialogue, and have tests of their own.
TEST(Lint, EveryFindingHasATest) {
  std::set<std::string> tested{"before-greeting", "no-tls-handshake", "early-retry"};
  for (const Case& one : cases()) tested.emplace(spec(one.finding).name);
  std::set<std::string> all;
  for (std::size_t i = 0; i < kFindingCount; ++i) {
    EXPECT_EQ(index(kFindings[i].finding), i);
    EXPECT_TRUE(kFindings[i].rfc.starts_with("RFC ")) << kFindings[i].name;
    all.emplace(kFindings[i].name);
  }
  EXPECT_EQ(tested, all);
}

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

  const std::set<std::string> kNone;
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
  for (std::uint64_t key = 0; key < 2 * Deferrals::kMost; ++key) deferrals.note(key, begin);
  EXPECT_TRUE(deferrals.lately(0, begin + 10s));
  EXPECT_FALSE(deferrals.lately(2 * Deferrals::kMost - 1, begin));
  deferrals.note(1'000'000, begin + 11s);
  EXPECT_TRUE(deferrals.lately(1'000'000, begin + 21s));
  EXPECT_FALSE(deferrals.lately(1'000'000, begin + 22s));
  EXPECT_FALSE(deferrals.lately(0, begin + 11s));
  deferrals.note(1'000'001, begin + 22s);
  deferrals.note(1'000'002, begin + 33s);
  EXPECT_TRUE(deferrals.lately(1'000'001, begin + 32s));
  EXPECT_TRUE(deferrals.lately(1'000'002, begin + 33s));
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
