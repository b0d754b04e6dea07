// Every condition and every action, read.
#include "sink/rules/rule_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace millrace::sink::rules {
namespace {

using namespace std::chrono_literals;

// The one rule of a file in which nothing is wrong.
Rule read(const std::string& text) {
  RulesRead read = read_rules(text, "rules");
  EXPECT_EQ(fmt::format("{}", fmt::join(read.mistakes, "\n")), "");
  EXPECT_EQ(read.rules.size(), 1U);
  if (read.rules.size() != 1) read.rules.resize(1);
  return std::move(read.rules.front());
}

// A rule that has a condition, at a command.
Match match(std::string_view command, std::string_view condition) {
  return read(fmt::format("[[rule]]\nname = 'a'\nmatch = {{ command = {}, {} }}\n"
                          "act = {{ log = true }}\n",
                          command, condition))
      .match;
}

// A rule that has actions, at a command.
Act act(std::string_view command, std::string_view actions,
        std::string_view condition = "probability = 1") {
  return read(fmt::format("[[rule]]\nname = 'a'\nmatch = {{ command = {}, {} }}\n"
                          "act = {{ {} }}\n",
                          command, condition, actions))
      .act;
}

std::string moments(std::string_view command, std::string_view condition = "probability = 1") {
  const Moments found = match(command, condition).moments;
  std::string names;
  for (Moment moment = 0; moment < kMomentCount; ++moment) {
    if (found[moment]) names.append(moment_name(moment)).append(" ");
  }
  return names;
}

std::string composed(const Act& act, const Groups* groups = nullptr) {
  return act.reply ? *act.reply->compose({}, {.groups = groups}) : "";
}

net::SocketAddress address(std::string_view text) { return *net::numeric_address(text, 25); }

// --- the file

TEST(RuleReader, TheRulesOfAFileComeInTheirOrder) {
  const RulesRead all = read_rules(R"(
# Refuses.
[[rule]]
name  = "big-is-strict"
match = { command = "RCPT", recipient = "*@big.test", over = "20/1m", per = "client" }
act   = { reply = "450 4.7.1 {client}: slow down" }

[[rule]]
name = "too-many-connections"
[rule.match]
command = "CONNECT"
sessions_over = 10
per = "client"
[rule.act]
reply = "421 4.7.0 Too many connections"
disconnect = "close"

[[rule]]
name = "greylisting"
match.command = "RCPT"
match.recipient = "*@grey.test"
act.greylist = "5m"
act.reply = "451 4.7.1 Greylisted, come back later"

[[rule]]
name  = "flaky-store"
match = { command = ".", sender = "bulk@*", size = ">1M", probability = "2%" }
act   = { delay = "lognormal 800ms 2.0", reply = "451 4.3.0 Try again" }

[[rule]]
name  = "outage"
match = { command = "CONNECT", during = "60s-90s", every = "10m" }
act   = { disconnect = "reset" }

[[rule]]
name  = "bad-tls"
match = { command = "STARTTLS", probability = "1%" }
act   = { tls_fault = "stall" }
)",
                                   "rules");
  EXPECT_EQ(fmt::format("{}", fmt::join(all.mistakes, "\n")), "");
  std::vector<std::string> names;
  for (const Rule& rule : all.rules) names.push_back(rule.name);
  EXPECT_EQ(names, (std::vector<std::string>{"big-is-strict", "too-many-connections", "greylisting",
                                             "flaky-store", "outage", "bad-tls"}));
}

TEST(RuleReader, AFileMayHaveNoRules) {
  EXPECT_TRUE(read_rules("", "rules").mistakes.empty());
  EXPECT_TRUE(read_rules("# nothing\n", "rules").rules.empty());
}

TEST(RuleReader, FilesOfARunShareNames) {
  const std::string rule =
      "[[rule]]\nname = 'a'\nmatch = { command = '*' }\nact = { log = true }\n";
  const std::vector<RuleFile> files{{.name = "one", .text = rule}, {.name = "two", .text = rule}};
  EXPECT_EQ(read_rules(files).mistakes,
            std::vector<std::string>{"two:2:8: a is the name of another rule, at one:2:8"});
  EXPECT_EQ(read_rules(files).rules.size(), 2U);
}

// --- commands

TEST(RuleReader, CommandsAreNamedInAnyCase) {
  EXPECT_EQ(moments("'rcpt'"), "RCPT ");
  EXPECT_EQ(moments("['Connect', '.', 'content']"), "CONNECT . CONTENT ");
}

TEST(RuleReader, AllCommandsAreAStarOrWhatIsLeftOfThem) {
  const std::string all =
      "CONNECT HELO EHLO LHLO STARTTLS XCLIENT XFORWARD AUTH MAIL RCPT DATA BDAT . RSET NOOP VRFY "
      "QUIT ";
  EXPECT_EQ(moments("'*'"), all) << "content is no command: it is named";
  EXPECT_EQ(moments("['*', 'CONTENT']"), all + "CONTENT ");
  EXPECT_EQ(moments("['!QUIT', '!CONNECT']"),
            "HELO EHLO LHLO STARTTLS XCLIENT XFORWARD AUTH MAIL RCPT DATA BDAT . RSET NOOP VRFY ");
  EXPECT_EQ(moments("['MAIL', 'RCPT', '!RCPT']"), "MAIL ");
}

TEST(RuleReader, OfAllCommandsThoseAreMeantThatKnowWhatIsAskedFor) {
  EXPECT_EQ(moments("'*'", "sender = '*'"), "MAIL RCPT DATA BDAT . ");
  EXPECT_EQ(moments("'!RCPT'", "recipient = '*'"), "DATA BDAT . ");
  EXPECT_EQ(moments("'*'", "header = '*'"), ". ");
  EXPECT_EQ(moments("'*'", "over = '1/1s', per = 'domain'"), "RCPT ");
}

// --- conditions

TEST(RuleReader, EveryPatternIsRead) {
  EXPECT_TRUE(match("'MAIL'", "sender = 'bulk@*'").sender->matches("bulk@a"));
  EXPECT_TRUE(match("'RCPT'", "recipient = ['*@a', '*@b']").recipient->matches("x@b"));
  EXPECT_FALSE(match("'RCPT'", "recipient = ['*', '!*@b']").recipient->matches("x@b"));
  EXPECT_TRUE(match("'RCPT'", "domain = '/^b/'").domain->matches("b.test"));
  EXPECT_TRUE(match("'MAIL'", "helo = '!*.test'").helo->matches("mail.example"));
  EXPECT_TRUE(match("'.'", "header = 'Subject: *spam*'").header->matches("subject: SPAM"));
  EXPECT_TRUE(match("'MAIL'", "listener = 'smtps'").listener->matches("smtps"));
  EXPECT_FALSE(match("'MAIL'", "nth = 1").sender);
}

TEST(RuleReader, TheNullSenderIsWrittenInTwoWays) {
  for (const char* const text : {"sender = ''", "sender = '<>'"}) {
    EXPECT_TRUE(match("'MAIL'", text).sender->matches(""));
    EXPECT_FALSE(match("'MAIL'", text).sender->matches("a@b"));
  }
  EXPECT_FALSE(match("'MAIL'", "sender = '!<>'").sender->matches(""));
  EXPECT_TRUE(match("'MAIL'", "sender = '!'").sender->matches("a@b"));
}

TEST(RuleReader, ClientsAreAddressesAndNetworks) {
  const auto clients = match("'MAIL'", "client = ['10.0.0.0/8', '::1', 'unix', '!10.1.0.0/16']");
  EXPECT_EQ(clients.client->any.size(), 3U);
  EXPECT_TRUE(net::contains(clients.client->any, address("10.2.3.4")));
  EXPECT_TRUE(net::contains(clients.client->any, address("::1")));
  EXPECT_TRUE(net::contains(clients.client->none, address("10.1.3.4")));
}

TEST(RuleReader, TlsIsOneOrAVersion) {
  using Is = TlsCondition::Is;
  EXPECT_EQ(match("'MAIL'", "tls = true").tls->any, std::vector{Is::on});
  EXPECT_EQ(match("'MAIL'", "tls = false").tls->any, std::vector{Is::off});
  const auto versions = match("'MAIL'", "tls = ['1.2', 1.3, '!true']");
  EXPECT_EQ(versions.tls->any, (std::vector{Is::tls12, Is::tls13}));
  EXPECT_EQ(versions.tls->none, std::vector{Is::on});
}

TEST(RuleReader, WhoHasAuthenticated) {
  EXPECT_TRUE(match("'MAIL'", "authenticated = true").authenticated->wanted);
  EXPECT_FALSE(match("'MAIL'", "authenticated = true").authenticated->user);
  EXPECT_FALSE(match("'MAIL'", "authenticated = false").authenticated->wanted);
  const auto user = match("'MAIL'", "authenticated = ['a*', '!ann']").authenticated;
  EXPECT_TRUE(user->wanted);
  EXPECT_TRUE(user->user->matches("abe"));
  EXPECT_FALSE(user->user->matches("ann"));
}

TEST(RuleReader, SizesAreRanges) {
  const auto size = [](std::string_view text) {
    const auto ranges = match("'MAIL'", fmt::format("size = {}", text)).size;
    std::string shown;
    for (const SizeRange& range : ranges) shown += fmt::format("{}-{} ", range.least, range.most);
    return shown;
  };
  EXPECT_EQ(size("'>1M'"), "1048577-18446744073709551615 ");
  EXPECT_EQ(size("'>=1M'"), "1048576-18446744073709551615 ");
  EXPECT_EQ(size("'<10K'"), "0-10239 ");
  EXPECT_EQ(size("'<=10k'"), "0-10240 ");
  EXPECT_EQ(size("'10K-1M'"), "10240-1048576 ");
  EXPECT_EQ(size("'5000'"), "5000-5000 ");
  EXPECT_EQ(size("5000"), "5000-5000 ");
  EXPECT_EQ(size("['<1K', '>1M']"), "0-1023 1048577-18446744073709551615 ");
}

TEST(RuleReader, SharesAndCounts) {
  EXPECT_DOUBLE_EQ(*match("'MAIL'", "probability = '2%'").probability, 0.02);
  EXPECT_DOUBLE_EQ(*match("'MAIL'", "probability = 0.02").probability, 0.02);
  EXPECT_DOUBLE_EQ(*match("'MAIL'", "probability = 1e-6").probability, 1e-6);
  EXPECT_DOUBLE_EQ(*match("'MAIL'", "probability = 1").probability, 1);
  EXPECT_EQ(match("'MAIL'", "nth = 3").nth, 3U);
  EXPECT_EQ(match("'MAIL'", "nth = '3'").nth, 3U);
}

TEST(RuleReader, RatesAndSessionsAreCountedPerSomething) {
  const auto over = *match("'RCPT'", "over = '20/1m', per = 'domain'").over;
  EXPECT_EQ(over.count, 20U);
  EXPECT_EQ(over.window, 1min);
  EXPECT_EQ(over.per, Per::domain);
  EXPECT_EQ(match("'RCPT'", "over = '0/0.5'").over->per, Per::all);
  const auto sessions = *match("'CONNECT'", "sessions_over = 10, per = 'client'").sessions_over;
  EXPECT_EQ(sessions.count, 10U);
  EXPECT_EQ(sessions.per, Per::client);
  EXPECT_EQ(match("'CONNECT'", "sessions_over = '0'").sessions_over->per, Per::all);
  const auto both = match("'CONNECT'", "sessions_over = 1, over = '1/1s', per = 'listener'");
  EXPECT_EQ(both.over->per, Per::listener);
  EXPECT_EQ(both.sessions_over->per, Per::listener);
  const std::vector<std::pair<std::string_view, Per>> all = {
      {"client", Per::client}, {"session", Per::session},
      {"sender", Per::sender}, {"recipient", Per::recipient},
      {"domain", Per::domain}, {"listener", Per::listener},
      {"all", Per::all}};
  for (const auto& [word, per] : all) {
    EXPECT_EQ(match("'RCPT'", fmt::format("over = '1/1s', per = '{}'", word)).over->per, per);
  }
}

TEST(RuleReader, TimesSinceTheStart) {
  const auto once = *match("'MAIL'", "during = '60s-90s'").during;
  EXPECT_EQ(once.from, 60s);
  EXPECT_EQ(once.to, 90s);
  EXPECT_EQ(once.every, 0s);
  EXPECT_EQ(match("'MAIL'", "during = '60s-'").during->to, Duration::max());
  EXPECT_EQ(match("'MAIL'", "during = '0-5m', every = '10m'").during->every, 10min);
  EXPECT_EQ(match("'MAIL'", "during = '5m-10m', every = '10m'").during->every, 10min);
  EXPECT_EQ(match("'MAIL'", "during = '50s-70s', every = '60s'").during->every, 60s);
  EXPECT_EQ(match("'MAIL'", "during = '50s-70s', every = '20s'").during->every, 20s);
}

// --- actions

TEST(RuleReader, RepliesAreOneLineOrSeveral) {
  EXPECT_EQ(composed(act("'RCPT'", "reply = '450 4.7.1 no'")), "450 4.7.1 no\r\n");
  EXPECT_EQ(composed(act("'RCPT'", "reply = ['550 5.7.1 no', 'never']")),
            "550-5.7.1 no\r\n550 5.7.1 never\r\n");
  EXPECT_FALSE(act("'RCPT'", "reply = '450 4.7.1 no'").raw);
}

TEST(RuleReader, PositiveRepliesAreThoseOfTheCommand) {
  for (const auto& [command, reply] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"'CONNECT'", "220 x"},
           {"'STARTTLS'", "220 x"},
           {"['HELO', 'EHLO', 'LHLO', 'MAIL', 'RCPT', 'BDAT', '.', 'RSET', 'NOOP', 'VRFY']",
            "250 x"},
           {"'RCPT'", "251 x"},
           {"'VRFY'", "252 x"},
           {"'DATA'", "354 x"},
           {"'QUIT'", "221 x"},
           {"'*'", "421 x"},
           {"'AUTH'", "535 x"}}) {
    EXPECT_EQ(composed(act(command, fmt::format("reply = '{}'", reply))),
              fmt::format("{}\r\n", reply));
  }
}

TEST(RuleReader, GroupsAnswerInAReplyAndADelay) {
  const std::string regex = R"(recipient = '/^([245]\d\d)-(\d\.\d\.\d)-(\d+s)@/')";
  const Act asked = act("'RCPT'", "reply = '{1} {2} as asked', delay = '{3}'", regex);
  const Groups groups{"", "550", "5.1.1"};
  EXPECT_EQ(composed(asked, &groups), "550 5.1.1 as asked\r\n");
  EXPECT_EQ(std::get<OfGroup>(*asked.delay).group, 3U);
  EXPECT_EQ(groups_named(asked), 3U);
  const Match second = match("'RCPT'", "recipient = '/x/', sender = '/(x)/'");
  EXPECT_EQ(grouping_condition(second), &*second.sender);
  const Match user = match("'RCPT'", "recipient = '*', authenticated = '/(x)/'");
  EXPECT_EQ(grouping_condition(user), &*user.authenticated->user);
  EXPECT_EQ(grouping_condition(match("'RCPT'", "recipient = '*'")), nullptr);
}

TEST(RuleReader, ConnectionsEndInThreeWays) {
  EXPECT_EQ(act("'RCPT'", "disconnect = 'close'").disconnect, Disconnect::close);
  EXPECT_EQ(act("'RCPT'", "disconnect = 'reset'").disconnect, Disconnect::reset);
  EXPECT_EQ(act("'RCPT'", "disconnect = '421'").disconnect, Disconnect::farewell);
  EXPECT_EQ(act("'RCPT'", "disconnect = 421").disconnect, Disconnect::farewell);
  EXPECT_EQ(composed(act("'RCPT'", "disconnect = 421, reply = '421 4.7.0 go'")),
            "421 4.7.0 go\r\n");
  EXPECT_EQ(act("'RCPT'", "reply = '421 4.7.0 go', disconnect = 'close'").disconnect,
            Disconnect::close);
}

TEST(RuleReader, ARefusalOfContentEndsTheConnection) {
  EXPECT_EQ(act("'CONTENT'", "reply = '552 5.3.4 no'").disconnect, Disconnect::close);
  EXPECT_EQ(act("'CONTENT'", "reply = '552 5.3.4 no', disconnect = 'reset'").disconnect,
            Disconnect::reset);
  EXPECT_EQ(act("['DATA', 'CONTENT']", "reply = '552 5.3.4 no', disconnect = 'close'").disconnect,
            Disconnect::close);
}

TEST(RuleReader, SlowActions) {
  EXPECT_EQ(act("'RCPT'", "delay = '1s-5s'").delay, Delay(Uniform{ticks(1s), ticks(5s)}));
  EXPECT_EQ(act("'RCPT'", "delay = 2").delay, fixed(2s));
  EXPECT_EQ(act("'RCPT'", "tarpit = '250ms'").tarpit, 250ms);
  EXPECT_EQ(act("'CONTENT'", "throttle = '10K/s'").throttle, 10'240U);
  EXPECT_EQ(act("'CONTENT'", "throttle = 100").throttle, 100U);
  EXPECT_EQ(act("'CONTENT'", "drop_after = '64K'").drop_after, 65'536U);
  EXPECT_TRUE(act("'RCPT'", "stall = true").stall);
}

TEST(RuleReader, GreylistingHasAReply) {
  const Act plain = act("'RCPT'", "greylist = '5m'");
  EXPECT_EQ(plain.greylist, 5min);
  EXPECT_EQ(composed(plain), "451 4.7.1 Greylisted, come back later\r\n");
  EXPECT_EQ(composed(act("'RCPT'", "greylist = '5m', reply = '450 x'")), "450 x\r\n");
}

TEST(RuleReader, FaultsOfTls) {
  for (const auto& [word, fault] :
       std::vector<std::pair<std::string_view, TlsFault>>{{"alert", TlsFault::alert},
                                                          {"stall", TlsFault::stall},
                                                          {"expired", TlsFault::expired},
                                                          {"wrong-name", TlsFault::wrong_name},
                                                          {"self-signed", TlsFault::self_signed},
                                                          {"garbage", TlsFault::garbage}}) {
    EXPECT_EQ(act("'STARTTLS'", fmt::format("tls_fault = '{}'", word)).tls_fault, fault);
  }
}

TEST(RuleReader, RawBytesAreAnyBytes) {
  const Act raw = act("'RCPT'", R"(raw = '999\x00\xFF\\x41{client}', repeat = 'forever')");
  EXPECT_TRUE(raw.raw);
  EXPECT_EQ(raw.disconnect, Disconnect::none);
  EXPECT_EQ(act("'CONTENT'", "raw = 'what?'").disconnect, Disconnect::close);
  EXPECT_EQ(act("'CONTENT'", "raw = 'what?', disconnect = 'reset'").disconnect, Disconnect::reset);
  EXPECT_EQ(composed(raw), std::string("999\0\xff\\x41{client}", 17));
  EXPECT_EQ(raw.repeat, std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(composed(act("'RCPT'", R"(raw = "250\r\n\u0000")")), std::string("250\r\n\0", 6));
  EXPECT_EQ(act("'RCPT'", "raw = 'x'").repeat, 1U);
  EXPECT_EQ(act("'RCPT'", "raw = 'x', repeat = 1000000").repeat, 1'000'000U);
}

TEST(RuleReader, NothingIsDoneWhereAllIsWell) {
  const Act accepted = act("'RCPT'", "accept = true, log = true");
  EXPECT_TRUE(accepted.log);
  EXPECT_FALSE(accepted.reply);
  EXPECT_FALSE(accepted.stall);
}

TEST(RuleReader, WhatComesBackLater) {
  const Act later = act("'RCPT'",
                        "bounce_later = { reply = '550 5.1.1 User unknown', delay = '1s-5s' }, "
                        "complaint = true, auto_reply = { text = \"I am away\\n\", delay = 2 }");
  ASSERT_EQ(later.later.size(), 3U);
  EXPECT_EQ(later.later[0].kind, LaterAnswer::Kind::auto_reply);
  EXPECT_EQ(later.later[0].text, "I am away\n");
  EXPECT_EQ(later.later[0].delay, fixed(2s));
  EXPECT_EQ(later.later[1].kind, LaterAnswer::Kind::bounce);
  EXPECT_EQ(later.later[1].status, "5.1.1");
  EXPECT_EQ(later.later[1].diagnostic, "550 5.1.1 User unknown");
  EXPECT_EQ(later.later[1].delay, Delay(Uniform{ticks(1s), ticks(5s)}));
  EXPECT_EQ(later.later[2].kind, LaterAnswer::Kind::complaint);
  EXPECT_EQ(later.later[2].delay, fixed(0s));
  const Act slow = act("'.'", "complaint = { delay = '1h' }, reply = '250 2.0.0 Ok'");
  EXPECT_EQ(slow.later.at(0).delay, fixed(1h));
  for (const std::string reply : {"421 4.3.2 x", "450 4.2.1 x", "521 5.3.2 x", "554 5.7.1 x"}) {
    const Act bounce = act("'RCPT'", "bounce_later = { reply = '" + reply + "' }");
    EXPECT_EQ(bounce.later.at(0).status, reply.substr(4, 5));
  }
}

}  // namespace
}  // namespace millrace::sink::rules
