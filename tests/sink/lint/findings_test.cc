// A dialogue for each finding that has it and nothing else, and one that comes close to it and has
// nothing.
#include <gtest/gtest.h>

#include <initializer_list>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "judged_session.h"

namespace millrace::sink {
namespace {

using namespace judging;
using smtp::Extension;
using smtp::ExtensionSet;

const ExtensionSet kModern = smtp::all_extensions();

// What is said in a session, and what comes about in it.
struct Dialogue {
  Dialogue() = default;
  Dialogue(Turns all) : turns(std::move(all)) {}
  Dialogue(std::initializer_list<std::string> all) : turns(all) {}

  Turns turns;
  std::string early;  // what was said before the greeting
  std::string ehlo;   // a rule's reply to EHLO; empty: there is none
  std::string
      deferred;  // the reply to RCPT in a session like it, just before; empty: there was none
  bool handshakes = true;  // what follows STARTTLS is TLS
};

Dialogue early(const std::string& text, Turns turns) {
  Dialogue dialogue(std::move(turns));
  dialogue.early = text;
  return dialogue;
}
Dialogue told(const std::string& ehlo, Turns turns) {
  Dialogue dialogue(std::move(turns));
  dialogue.ehlo = ehlo;
  return dialogue;
}
Dialogue deferred(const std::string& reply, Turns turns) {
  Dialogue dialogue(std::move(turns));
  dialogue.deferred = reply;
  return dialogue;
}
Dialogue without_handshake(Turns turns) {
  Dialogue dialogue(std::move(turns));
  dialogue.handshakes = false;
  return dialogue;
}

// A row a finding, or more: what a client does, what comes close to it and is right, and the
// extensions that are offered besides the usual ones, and those that are not.
struct Case {
  Finding finding;
  Dialogue wrong;
  Dialogue right;
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
      // RFC 4954, 4.
      {Finding::long_command,
       {"EHLO b.example\r\n", "AUTH SCRAM-SHA-1 " + std::string(12'300, 'x') + "\r\n"},
       commands({"AUTH SCRAM-SHA-1 " + std::string(12'269, 'x') + "\r\n"})},
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
      // What a rule's reply announces counts.
      {Finding::before_reply, told("250 server.example\r\n", commands({"RSET\r\nNOOP\r\n"})),
       told("250-server.example\r\n250 PIPELINING\r\n", commands({"RSET\r\nNOOP\r\n"}))},
      {Finding::before_reply,
       told("250-PIPELINING\r\n250-XPIPELINING\r\n250 8BITMIME PIPELINING\r\n",
            commands({"RSET\r\nNOOP\r\n"})),
       told("250-server.example\r\n250-8bitmime\r\n250 pipelining\r\n",
            commands({"RSET\r\nNOOP\r\n"})),
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
      {Finding::not_announced,
       told("250-server.example\r\n250 DSN\r\n", commands({"MAIL FROM:<a@b.example> SIZE=1\r\n"})),
       told("250-server.example\r\n250 SIZE 9\r\n",
            commands({"MAIL FROM:<a@b.example> SIZE=1\r\n"})),
       kModern},
      {Finding::not_announced, told("250 server.example\r\n", commands({"AUTH SCRAM-SHA-1 x\r\n"})),
       told("250-server.example\r\n250-AUTH=SCRAM-SHA-1\r\n250 \r\n",
            commands({"AUTH SCRAM-SHA-1 x\r\n"}))},
      {Finding::not_announced,
       {"HELO b.example\r\n", "AUTH SCRAM-SHA-1 x\r\n", "QUIT\r\n"},
       {"HELO b.example\r\n", "EHLO b.example\r\n", "AUTH SCRAM-SHA-1 x\r\n", "QUIT\r\n"}},
      {Finding::not_announced,
       commands({"XCLIENT NAME=x\r\n", "HELO b.example\r\n", "XCLIENT NAME=x\r\n"}),
       commands({"XCLIENT NAME=x\r\n", "EHLO b.example\r\n", "XCLIENT NAME=x\r\n"})},
      {Finding::not_announced, commands({"MAIL FROM:<a@b.example> REQUIRETLS\r\n"}),
       commands({"STARTTLS\r\n", "EHLO b.example\r\n", "MAIL FROM:<a@b.example> REQUIRETLS\r\n"}),
       kModern},
      {Finding::blank_before_path, commands({"MAIL FROM: <a@b.example>\r\n"}),
       commands({"MAIL FROM:<a@b.example>\r\n"})},
      {Finding::no_brackets, commands({"MAIL FROM:a@b.example\r\n"}),
       commands({"mail from:<a@b.example>\r\n"})},
      {Finding::bad_path, commands({"MAIL <a@b.example>\r\n"}), commands({"MAIL FROM:<>\r\n"})},
      // A quoted local part may be empty.
      {Finding::bad_path, commands({"MAIL FROM:<\"@b.example>\r\n"}),
       commands({"MAIL FROM:<\"\"@b.example>\r\n", "RCPT TO:<\"\"@d.example>\r\n"})},
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
      {Finding::before_greeting, early("EHLO b.example\r\n", {"EHLO b.example\r\n", "QUIT\r\n"}),
       early("", {"EHLO b.example\r\n", "QUIT\r\n"})},
      {Finding::no_tls_handshake, without_handshake({"EHLO b.example\r\n", "STARTTLS\r\n"}),
       commands({"STARTTLS\r\n", "EHLO b.example\r\n"}), kModern},
      {Finding::early_retry, deferred("451 4.3.0 later\r\n", message(kText)),
       deferred("452 4.5.3 too many\r\n", message(kText))},
  };
}

// What is found in a session like this.
std::set<std::string> found_in(const Dialogue& dialogue, const smtp::ServerProfile& profile) {
  LintTotals totals(LintMode::count);
  const auto play = [&](bool before) {
    Session session(totals, profile);
    session.policy->ehlo_reply = dialogue.ehlo;
    session.handshakes = dialogue.handshakes;
    if (before) {
      session.policy->soft = smtp::Verb::rcpt;
      session.policy->soft_reply = dialogue.deferred;
    }
    session.lint->spoke_first(dialogue.early);
    session.greet();
    const Turns turns = before ? commands({dialogue.turns[1], dialogue.turns[2]}) : dialogue.turns;
    for (const std::string& turn : turns) session.say(turn);
    session.end();
  };
  if (!dialogue.deferred.empty()) play(true);
  play(false);
  return names(totals.found());
}

TEST(Findings, OfADialogueAreWhatIsWrongInIt) {
  for (const Case& one : cases()) {
    const std::string name(spec(one.finding).name);
    SCOPED_TRACE(name + ": " + (one.wrong.turns.empty() ? "" : one.wrong.turns.back()));
    const auto profile = offering(one.more, one.less);
    EXPECT_EQ(found_in(one.wrong, profile), std::set<std::string>{name});
    EXPECT_EQ(found_in(one.right, profile), std::set<std::string>());
  }
}

TEST(Findings, EachHasADialogue) {
  std::set<std::string> tested;
  for (const Case& one : cases()) tested.emplace(spec(one.finding).name);
  std::set<std::string> all;
  for (std::size_t i = 0; i < kFindingCount; ++i) {
    EXPECT_EQ(index(kFindings[i].finding), i);
    EXPECT_TRUE(kFindings[i].rfc.starts_with("RFC ")) << kFindings[i].name;
    all.emplace(kFindings[i].name);
  }
  EXPECT_EQ(all.size(), kFindingCount);
  EXPECT_EQ(tested, all);
}

}  // namespace
}  // namespace millrace::sink
