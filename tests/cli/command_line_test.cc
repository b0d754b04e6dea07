#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "cli/other_tools.h"
#include "cli/sink_command_line.h"
#include "cli/source_command_line.h"
#include "cli/text_values.h"
#include "scratch_directory.h"

namespace millrace::cli {
namespace {

using std::chrono::seconds;
using Words = std::vector<const char*>;

sink::SinkOptions sink(Words words) {
  words.insert(words.begin(), "smtp-sink");
  return parse_sink_command_line(static_cast<int>(words.size()), words.data()).sink;
}

// Where that listens first.
sink::Listener first(Words words) { return sink(std::move(words)).listeners.at(0); }

source::SourceOptions source(Words words) {
  words.insert(words.begin(), "smtp-source");
  return parse_source_command_line(static_cast<int>(words.size()), words.data()).source;
}

// What the program says when it refuses; empty when it does not.
template <typename Parse>
std::string refusal(Parse parse, const Words& words) {
  try {
    parse(words);
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

TEST(SinkOptions, ShortOptionsBundleAndValuesMayStickToThem) {
  const sink::SinkOptions options = sink({"-cve", "-m5", "-t", "7", ":2525", "100"});
  EXPECT_TRUE(options.show_counters);
  EXPECT_TRUE(options.verbose);
  EXPECT_EQ(options.listeners.at(0).profile.protocol, smtp::ServerProfile::Protocol::plain);
  EXPECT_EQ(options.session_limit, 5U);
  EXPECT_EQ(options.idle_limit, seconds(7));
  EXPECT_EQ(options.backlog, 100);
}

TEST(CommandLine, WhatIsBehindTheMarkIsApartWhereAProgramWantsIt) {
  std::vector<std::string> ahead;
  std::optional<std::vector<std::string>> behind;
  CommandLine line("", "program");
  line.arguments("files", ahead, "");
  line.arguments_behind(behind);
  const auto parse = [&](Words words) {
    ahead.clear();
    behind.reset();
    words.insert(words.begin(), "program");
    line.parse(static_cast<int>(words.size()), words.data());
  };
  parse({"a", "b"});
  EXPECT_EQ(ahead, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(behind.has_value());
  parse({"a", "--", "b", "--", "-c"});
  EXPECT_EQ(ahead, std::vector<std::string>{"a"});
  EXPECT_EQ(behind, (std::vector<std::string>{"b", "--", "-c"}));
  parse({"--"});
  EXPECT_TRUE(ahead.empty());
  EXPECT_EQ(behind, std::vector<std::string>{});
}

// As in getopt_long(3): nothing behind the sign is a value, the next word is not.
TEST(Options, AnEmptyValueIsOne) {
  EXPECT_TRUE(source({"--tls", "--subject=", "--tls-verify", "host"}).tls->verify);
  EXPECT_EQ(source({"--from=", "-d", "host"}).message.reverse_path, "");
  EXPECT_TRUE(source({"--from=", "-d", "host"}).keep_session);
  EXPECT_TRUE(sink({"--hostname=", "--tls", ":2525"}).tls.has_value());
  EXPECT_EQ(refusal(source, {"--tls-verify=", "host"}),
            "--tls-verify takes no value (see smtp-source --help)");
  EXPECT_EQ(refusal(source, {"--tls", "--tls-ca-file=", "host"}),
            "bad value:  (--tls-ca-file: expected one that is not empty)");
}

TEST(Options, OfTwoThatSayTheSameTheLastCounts) {
  EXPECT_EQ(source({"-6", "-4", "host"}).address_family, AF_INET);
  EXPECT_EQ(source({"-4", "-6", "host"}).address_family, AF_INET6);
  EXPECT_EQ(sink({"-4", "-6", "-4", ":2525"}).address_family, AF_INET);
  const auto delay = [](const Words& words) {
    return *sink(words).commands[smtp::Verb::data].delay;
  };
  EXPECT_EQ(delay({"-w", "3", "-W", "data:1", ":2525"}), sink::rules::fixed(seconds(1)));
  EXPECT_EQ(delay({"-W", "data:1", "-w", "3", ":2525"}), sink::rules::fixed(seconds(3)));
  EXPECT_EQ(delay({"-W", "data:1:50", "-w", "3", ":2525"}), sink::rules::fixed(seconds(3)));
}

TEST(SourceOptions, ARangeOfRecipientsIsForAScenario) {
  const std::string expected =
      " (--recipients: expected addresses, or one number of them; numbers that differ are said by "
      "count in [recipients] of a scenario)";
  EXPECT_EQ(refusal(source, {"--recipients", "2-5", "host"}), "bad recipients: 2-5" + expected);
  EXPECT_EQ(refusal(source, {"--recipients", "0", "host"}), "bad recipients: 0" + expected);
}

TEST(SinkOptions, HaveTheDefaultsOfTheManual) {
  const sink::SinkOptions options = sink({":2525"});
  EXPECT_EQ(options.backlog, SOMAXCONN);
  EXPECT_EQ(options.idle_limit, seconds(100));
  EXPECT_EQ(options.session_limit, std::nullopt);
  EXPECT_EQ(options.listeners.at(0).profile.host_name, "smtp-sink");
  EXPECT_GE(options.threads, 1U);
}

TEST(SinkOptions, CommandsAreListedWithCommasOrBlanksAndAddUp) {
  const sink::SinkOptions options =
      sink({"-f", "mail, Rcpt", "-f", "DATA", "-q", "rcpt", "-s", ".", ":2525"});
  using Action = sink::rules::CommandOption::Action;
  EXPECT_EQ(options.commands[smtp::Verb::mail].action, Action::hard_reject);
  EXPECT_EQ(options.commands[smtp::Verb::rcpt].action, Action::drop);
  EXPECT_EQ(options.commands[smtp::Verb::data].action, Action::hard_reject);
  EXPECT_TRUE(options.logged[smtp::index(smtp::Verb::end_of_data)]);
  EXPECT_FALSE(options.listeners.at(0).profile.offered.has(smtp::Extension::pipelining));
}

TEST(SinkOptions, DelaysMayHaveOdds) {
  const sink::SinkOptions options = sink({"-W", "mail:3:20", "-w", "4", ":2525"});
  const auto mail = std::get<sink::rules::Multiple>(*options.commands[smtp::Verb::mail].delay);
  EXPECT_EQ(mail.step, seconds(3));
  EXPECT_EQ(mail.odds, 20);
  EXPECT_EQ(options.commands[smtp::Verb::data].delay, sink::rules::fixed(seconds(4)));
}

TEST(SinkOptions, TheLastOfEqualOptionsCounts) {
  EXPECT_EQ(sink({"-t", "1", "-t", "2", ":2525"}).idle_limit, seconds(2));
}

TEST(SinkOptions, RefusalsNameOptionValueAndExpectation) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"-t", "0", ":1"}, "bad timeout: 0 (-t, --timeout: expected a time above 0, as 2,"},
      {{"-t", "5x", ":1"}, "bad timeout: 5x"},
      {{"-A", "-1", ":1"}, "bad abort delay: -1"},
      {{"-m", "0", ":1"}, "bad concurrency limit: 0"},
      {{"-M", "x", ":1"}, "bad message quit count: x"},
      {{"-n", "0", ":1"}, "bad quit count: 0"},
      {{"-H", "0", ":1"}, "bad data read delay: 0"},
      {{"-w", "0", ":1"}, "bad fixed delay: 0"},
      {{"-T", "0", ":1"}, "bad TCP window size: 0"},
      {{"-b", "550 no", ":1"}, "bad soft error reply: 550 no"},
      {{"-B", "5501", ":1"}, "bad hard error reply: 5501"},
      {{"-f", "bogus", ":1"}, "unknown command: bogus"},
      {{"-W", "mail", ":1"}, "invalid command delay argument: mail"},
      {{"-W", "mail:0", ":1"}, "non-positive 'mail' delay"},
      {{"-W", "mail:2parsecs", ":1"}, "(-W, --delay: '2parsecs' is no time, as 2, 0.5 or 250ms)"},
      {{"-W", "mail:1:100", ":1"}, "delay odds for 'mail' out of range"},
      {{"-W", "rcpt:1:0", ":1"},
       "delay odds for 'rcpt' out of range (-W, --delay: '0' is no whole number from 1 to 99)"},
      {{"-d", "a", "-D", "b", ":1"}, "use only one of -d or -D, but not both"},
      {{"--threads", "0", ":1"}, "bad thread count: 0"},
      {{"--io", "kqueue", ":1"}, "bad io engine: kqueue (--io: expected auto, uring or epoll)"},
      {{":1", "0"}, "bad backlog: 0"},
      {{":1", "5", "6"}, "unexpected argument: 6"},
      {{"-Z", ":1"}, "unknown option: -Z"},
      {{"--bogus", ":1"}, "unknown option: --bogus"},
      {{"--verbose=abc", ":1"}, "--verbose takes no value"},
      {{"--verbose=false", ":1"}, "--verbose takes no value"},
      {{}, "missing endpoint: expected [inet:][host]:port or unix:path, or --listen"},
      {{"127.0.0.1"}, "bad endpoint: 127.0.0.1: missing port, as in 127.0.0.1:2525"},
      {{"-t"}, "-t"},
      {{"-h", "a\r\nb", ":1"}, "bad hostname: a\r\nb (-h, --hostname: expected one line)"},
      {{"--offer", "SIZE,foo", ":1"}, "unknown extension: foo (expected one of PIPELINING, SIZE,"},
      {{"--auth-users", "/nonexistent", ":1"}, "open /nonexistent: No such file or directory"},
      {{"--max-size", "0", ":1"}, "bad message size: 0 (--max-size: expected a number of bytes,"},
      {{"--max-size", "99999999999G", ":1"}, "bad message size: 99999999999G"},
      {{"--max-recipients", "x", ":1"}, "bad limit: x (--max-recipients:"},
      {{"--max-commands", "0", ":1"}, "bad limit: 0 (--max-commands:"},
      {{"--max-dump-size", "0", ":1"}, "bad dump size: 0 (--max-dump-size:"},
      {{"--xclient-from", "::1,host", ":1"}, "bad address: host"},
      {{"--proxy-from", "10.0.0.0/33", ":1"}, "bad network: 10.0.0.0/33"},
      {{"--tls-version", "1.4", ":1"}, "bad TLS version: 1.4 (--tls-version:"},
      {{"--tls-version", "1.3-1.2", ":1"},
       "bad TLS version: 1.3-1.2 (--tls-version: the lower one comes first: 1.2-1.3)"},
      {{"--tls-key-type", "dsa", ":1"}, "bad key type: dsa (--tls-key-type:"},
      {{"-c", "--json", "-", ":1"}, "-c and --json cannot both be written to standard output"},
      {{"--summary", "--json", "-", ":1"}, "--summary and --json cannot both be written to"},
  };
  for (const auto& [words, expected] : cases) {
    const std::string said = refusal(sink, words);
    EXPECT_NE(said.find(expected), std::string::npos) << "said: " << said;
  }
}

TEST(SinkOptions, OfferWhatIsAskedForAndNoMore) {
  using smtp::Extension;
  using smtp::ExtensionSet;
  const ExtensionSet of_postfix = smtp::ServerProfile().offered;
  EXPECT_EQ(first({":1"}).profile.offered, of_postfix);
  EXPECT_FALSE(first({":1"}).profile.authenticates);
  const auto some = first({"--offer", "chunking, size", "--withhold", "DSN", "-a", ":1"}).profile;
  const ExtensionSet more{Extension::chunking, Extension::size};
  const ExtensionSet less{Extension::dsn, Extension::auth};
  EXPECT_EQ(some.offered, (of_postfix | more) - less);
  const auto modern = first({"--modern", ":1"});
  EXPECT_EQ(modern.profile.offered, smtp::all_extensions());
  EXPECT_TRUE(modern.profile.authenticates && modern.profile.xclient_takes_effect);
  EXPECT_TRUE(sink({"--modern", ":1"}).tls && !modern.tls_from_start);
  const auto tls =
      first({"--modern", "--tls", "--max-messages-per-session", "5", "-f", "mail", ":1"});
  EXPECT_EQ(tls.profile.offered, smtp::all_extensions() - ExtensionSet{Extension::starttls});
  EXPECT_FALSE(sink({"--modern", "--withhold", "STARTTLS", ":1"}).tls);
  EXPECT_EQ(first({"--max-size", "2k", ":1"}).profile.limits.message_size, 2'048U);
}

TEST(SinkOptions, ADumpHasALimitEvenWhereAMessageHasNone) {
  EXPECT_EQ(sink({":1"}).capture.largest, 1'073'741'824U);
  EXPECT_EQ(sink({"--max-dump-size", "2G", ":1"}).capture.largest, 2'147'483'648U);
  EXPECT_EQ(sink({"--max-size", "2G", ":1"}).capture.largest, 3'221'225'472U);
  EXPECT_GT(sink({"--max-size", "17179869183G", ":1"}).capture.largest, 17'179'869'183U << 30);
  EXPECT_EQ(sink({"--max-size", "2G", "--max-dump-size", "1K", ":1"}).capture.largest, 1'024U);
}

TEST(SinkOptions, LimitsAreAnnouncedWhereTheyAreGivenOrAskedFor) {
  const auto announced = [](const Words& words) {
    return first(words).profile.offered.has(smtp::Extension::limits);
  };
  EXPECT_EQ(first({":1"}).profile.limits.recipients, 50'000U);
  EXPECT_FALSE(announced({":1"}));
  EXPECT_TRUE(announced({"--offer", "LIMITS", ":1"}));
  EXPECT_TRUE(announced({"--max-recipients", "7", ":1"}));
  EXPECT_FALSE(announced({"--modern", "--max-recipients", "0", ":1"}));
}

TEST(SourceOptions, ImplyWhatTheyNeed) {
  using smtp::Extension;
  using smtp::ExtensionSet;
  const auto plan = [](Words words) {
    words.push_back("localhost");
    return source(std::move(words)).plan;
  };
  EXPECT_EQ(plan({"--ehlo"}).hello_verb, smtp::Verb::ehlo);
  EXPECT_EQ(plan({"--pipelining"}).hello_verb, smtp::Verb::ehlo);
  EXPECT_EQ(plan({"--pipelining", "-L"}).hello_verb, smtp::Verb::lhlo);
  EXPECT_EQ(plan({"--pipeline-window", "3"}).wanted, ExtensionSet{Extension::pipelining});
  EXPECT_EQ(plan({"--body", "binarymime"}).wanted,
            (ExtensionSet{Extension::binary_mime, Extension::chunking}));
  EXPECT_EQ(plan({"--chunk-size", "1M"}).chunk_size, 1'048'576U);
  EXPECT_EQ(source({"--tls", "mx.example"}).tls->server_name, "mx.example");
  EXPECT_EQ(source({"--tls", "[::1]:25"}).tls->server_name, "");
  EXPECT_EQ(source({"--tls", "--sni", "x.example", "127.0.0.1"}).tls->server_name, "x.example");
  EXPECT_FALSE(source({"localhost"}).tls);
}

TEST(SourceOptions, HaveTheDefaultsOfTheManual) {
  const source::SourceOptions options = source({"-M", "h", "localhost"});
  EXPECT_EQ(options.endpoint.service, "25");
  EXPECT_EQ(options.messages, 1U);
  EXPECT_EQ(options.sessions, 1U);
  EXPECT_EQ(options.threads, 1U);  // never more than sessions
  EXPECT_EQ(options.plan.hello_verb, smtp::Verb::helo);
  EXPECT_EQ(options.plan.hello_name, "h");
  EXPECT_EQ(options.message.reverse_path, "foo@h");
  EXPECT_EQ(options.message.forward_path, "foo@h");
  EXPECT_TRUE(options.message.headers);
  EXPECT_EQ(options.message.recipient_number, mail::RecipientNumber::none);
}

TEST(SourceOptions, TakeAnEmptySenderAndAnAddressLiteral) {
  const source::SourceOptions options = source({"-f", "", "-M", "[127.0.0.1]", "-L", "localhost"});
  EXPECT_EQ(options.message.reverse_path, "");
  EXPECT_EQ(options.plan.hello_verb, smtp::Verb::lhlo);
  EXPECT_EQ(options.plan.hello_name, "[127.0.0.1]");
}

TEST(SourceOptions, ChooseHowRecipientsAreNumbered) {
  using mail::RecipientNumber;
  const auto number = [](Words words) {
    words.push_back("localhost");
    return source(std::move(words)).message.recipient_number;
  };
  EXPECT_EQ(number({"-r", "3"}), RecipientNumber::count_down);
  EXPECT_EQ(number({"-N"}), RecipientNumber::prefix);
  EXPECT_EQ(number({"-N", "-r", "3"}), RecipientNumber::prefix);
  EXPECT_EQ(number({"-r", "3", "--recipient-number", "suffix"}), RecipientNumber::suffix);
  EXPECT_EQ(number({"--recipient-number", "suffix"}), RecipientNumber::none);
}

TEST(SourceOptions, EverySizeTakesAUnit) {
  EXPECT_EQ(source({"-l", "2K", "h"}).message.body.size(), 2048 + 2U);
  EXPECT_EQ(source({"-T", "16k", "h"}).window, 16'384);
  EXPECT_EQ(source({"--chunk-size", "3M", "h"}).plan.chunk_size, 3U << 20);
  EXPECT_EQ(sink({"-T", "1G", ":1"}).window, 1 << 30);
  EXPECT_EQ(sink({"-T", "4G", ":1"}).window, 1 << 30);
  EXPECT_EQ(first({"--max-size", "1G", ":1"}).profile.limits.message_size, 1U << 30);
  EXPECT_EQ(first({"--max-line-length", "1K", ":1"}).profile.limits.text_line, 1'024U);
}

TEST(SourceOptions, SecretsGoOutProtectedOrByConsent) {
  const auto with = [](const char* mechanism, Words more) {
    Words words = {"--auth", mechanism, "--auth-user", "ann"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  for (const char* const mechanism : {"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"}) {
    EXPECT_NE(refusal(source, with(mechanism, {"h"})).find("in clear"), std::string::npos);
    EXPECT_EQ(refusal(source, with(mechanism, {"--auth-in-clear", "h"})), "");
    EXPECT_EQ(refusal(source, with(mechanism, {"--starttls", "h"})), "");
    EXPECT_EQ(refusal(source, with(mechanism, {"--tls", "h"})), "");
  }
  for (const char* const mechanism : {"CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}) {
    EXPECT_EQ(refusal(source, with(mechanism, {"h"})), "");
  }
}

TEST(SourceOptions, WhatIsSaidOfTlsNeedsTls) {
  const tests::ScratchDirectory scratch;
  const std::string authorities = scratch.write("a.pem", "-----BEGIN CERTIFICATE-----\n");
  const std::vector<Words> cases = {
      {"--tls-verify"},         {"--tls-ca-file", authorities.c_str()},
      {"--tls-ca-dir", "x"},    {"--sni", "x"},
      {"--tls-alpn", "x"},      {"--tls-resume"},
      {"--tls-cert", "x"},      {"--tls-key", "x"},
      {"--tls-version", "1.3"}, {"--tls-ciphers", "x"},
      {"--tls-groups", "x"},
  };
  for (Words words : cases) {
    const std::string option = words.front();
    words.emplace_back("h");
    EXPECT_EQ(refusal(source, words), option + " needs --starttls or --tls");
    for (const char* const tls : {"--starttls", "--tls"}) {
      words.insert(words.begin(), tls);
      EXPECT_EQ(refusal(source, words), "") << option;
      words.erase(words.begin());
    }
  }
}

TEST(SourceOptions, WhatProtectsIsNeverOptional) {
  using smtp::Extension;
  const auto optional = [](const Words& words) { return source(words).plan.optional; };
  EXPECT_TRUE(optional({"--starttls", "h"}).empty());
  EXPECT_TRUE(optional({"--starttls", "--if-offered", "h"}).has(Extension::starttls));
  EXPECT_FALSE(
      optional({"--starttls", "--tls-verify", "--if-offered", "h"}).has(Extension::starttls));
  const smtp::ExtensionSet login =
      optional({"--starttls", "--auth", "SCRAM-SHA-1", "--auth-user", "ann", "--if-offered", "h"});
  EXPECT_EQ(login, smtp::ExtensionSet{Extension::auth});
}

// RFC 6531, 3.2: neither an address nor a header field in UTF-8 can go to a server without it.
TEST(SourceOptions, WhatIsInUtf8NeedsSmtpUtf8) {
  const std::string path = testing::TempDir() + "millrace.header." + std::to_string(getpid());
  const auto optional = [&](const std::string& file, Words more = {}) {
    std::ofstream(path, std::ios::binary) << file;
    Words words = {"--smtputf8", "--if-offered", "-f", "a@b", "-t", "c@d", "-F", path.c_str()};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back("h");
    return source(words).plan.optional.has(smtp::Extension::smtp_utf8);
  };
  EXPECT_FALSE(optional("Subject: gr\u00fcn\n\ntext\n"));
  EXPECT_FALSE(optional("From: <a@b>\r\nSubject: x\r\n gr\u00fcn\r\n\r\ntext\r\n"));
  EXPECT_FALSE(optional("Subject: gr\u00fcn\n\ntext\n", {"--body", "BINARYMIME"}));
  EXPECT_FALSE(optional("Subject: gr\u00fcn"));
  EXPECT_TRUE(optional("Subject: green\n\ngr\u00fcn\n"));
  EXPECT_TRUE(optional("Subject: green\r\n\r\ngr\u00fcn\r\n"));
  EXPECT_TRUE(optional("Subject: green\n\ngr\u00fcn\n", {"--body", "BINARYMIME"}));
  EXPECT_TRUE(optional("\ngr\u00fcn\n"));
  // The file has its own.
  EXPECT_TRUE(optional("Subject: green\n\ntext\n", {"-S", "gr\u00fcn"}));
  EXPECT_FALSE(optional("Subject: green\n\ntext\n", {"-t", "gr\u00fcn@d"}));
  unlink(path.c_str());
}

TEST(SourceOptions, RefusalsNameOptionValueAndExpectation) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"-m", "0", "h"},
       "bad message count: 0 (-m, --messages: expected a whole number, at least 1)"},
      {{"-l", "0", "h"}, "bad message length: 0"},
      {{"-s", "x", "h"}, "bad session count: x"},
      {{"-r", "0", "h"}, "bad recipient count: 0"},
      {{"-C", "0", "h"}, "bad connection count: 0"},
      {{"-T", "65536", "h"},
       "bad TCP window size: 65536 (-T, --tcp-window: that is 65536 bytes, at most 65535 are "
       "allowed)"},
      {{"-T", "64K", "h"},
       "bad TCP window size: 64K (-T, --tcp-window: that is 65536 bytes, at most 65535 are "
       "allowed)"},
      {{"-T", "17179869184G", "h"},
       "bad TCP window size: 17179869184G (-T, --tcp-window: expected a number of bytes, as 4096"},
      {{"--duration", "5us", "h"},
       "bad duration: 5us (--duration: expected a time of at least 1ms, as 2, 0.5,"},
      {{"--duration", "0", "h"}, "bad duration: 0 (--duration: expected a time of at least 1ms,"},
      {{"--warmup", "5us", "h"}, "bad warm-up: 5us (--warmup: expected a time of at least 1ms,"},
      {{"--reply-timeout", "5us", "h"}, "(--reply-timeout: expected a time of at least 1ms,"},
      {{"--find-rate", "p99<1s", "--rate-range", "100/s", "h"},
       "bad range: 100/s (--rate-range: expected two rates, the lower one first, as 100-50000/s)"},
      {{"--find-rate", "p99<1s", "--rate-range", "200-100/s", "h"},
       "bad range: 200-100/s (--rate-range: expected two rates, the lower one first, as "
       "100-50000/s)"},
      {{"--find-rate", "p99<1s", "--rate-range", "0-100/s", "h"},
       "bad range: 0-100/s (--rate-range: expected two rates, the lower one first, as "
       "100-50000/s)"},
      {{"--find-rate", "p99<1s", "--rate-range", "1-200000000/s", "h"},
       "bad range: 1-200000000/s (--rate-range: expected two rates, the lower one first, as "
       "100-50000/s)"},
      {{"--find-rate", "p99<1s", "--rate-range", "1-5/x", "h"},
       "bad range: 1-5/x (--rate-range: expected two rates, the lower one first, as 100-50000/s)"},
      {{"--find-sessions", "p99<1s", "--session-range", "5", "h"},
       "bad range: 5 (--session-range: expected two numbers, the lower one first, as 1-500)"},
      {{"--find-sessions", "p99<1s", "--session-range", "1.5-3", "h"},
       "bad range: 1.5-3 (--session-range: expected two numbers, the lower one first, as 1-500)"},
      {{"--find-sessions", "p99<1s", "--session-range", "1-2000000", "h"},
       "bad range: 1-2000000 (--session-range: expected two numbers, the lower one first, as "
       "1-500)"},
      {{"--find-rate", "p50<1s, errors<0.1%, p99<1s", "--rate-range", "10-900/s", "h"},
       "errors<0.1% says something of 1001 messages or more, and a probe of 10 s at 10/s, the "
       "lowest rate, has 100: use --probe 101s and --confirm 101s, or a --rate-range from 101/s "
       "on"},
      {{"--find-rate", "p99.9<1s", "--rate-range", "150-900/s", "--probe", "2.5s", "h"},
       "p99.9<1s says something of 1000 messages or more, and a probe of 2.5 s at 150/s, the "
       "lowest rate, has 375: use --probe 7s, or a --rate-range from 400/s on"},
      {{"--find-rate", "p99.9<1s", "--rate-range", "150-900/s", "--confirm", "3s", "h"},
       "p99.9<1s says something of 1000 messages or more, and a confirmation of 3 s at 150/s, the "
       "lowest rate, has 450: use --confirm 7s, or a --rate-range from 334/s on"},
      {{"--find-rate", "p99.999<1s", "--probe", "100ms", "h"},
       "p99.999<1s says something of 100000 messages or more, and a probe of 0.1 s at 100,000/s, "
       "the lowest rate, has 10000: use --probe 1s, or a --rate-range from 1000000/s on"},
      {{"--find-rate", "p99<1s", "--resolution", "0.5%", "h"},
       "bad resolution: 0.5% (--resolution: expected a share from 1% to 100%, as 5%)"},
      {{"--find-rate", "p99<1s", "--resolution", "200%", "h"},
       "bad resolution: 200% (--resolution: expected a share from 1% to 100%, as 5%)"},
      {{"--find-rate", "p99<1s", "--resolution", "x", "h"},
       "bad resolution: x (--resolution: expected a share from 1% to 100%, as 5%)"},
      {{"--stages", "hold 5/s 5us", "h"},
       "bad stage: hold 5/s 5us (--stages: a stage lasts at least 1ms)"},
      {{"-w", "0", "h"}, "bad fixed delay: 0"},
      {{"-R", "x", "h"}, "bad random delay: x"},
      {{"-m", "99999999999999999999", "h"}, "bad message count: 99999999999999999999"},
      {{"-l", "5", "-F", "/dev/null", "h"}, "-l option cannot be used with -F"},
      {{"-w", "1", "-R", "1", "h"}, "do not use -w and -R options at the same time"},
      {{"-F", "/nonexistent", "h"}, "open /nonexistent: No such file or directory"},
      {{"-M", "bad host", "h"}, "bad hostname: bad host"},
      {{"--recipient-number", "middle", "h"}, "bad place: middle"},
      {{"--auth", "FOO", "h"}, "bad mechanism: FOO (--auth: expected one of PLAIN"},
      {{"--auth", "PLAIN", "h"},
       "--auth needs --auth-user with --auth-password-file, or --auth-users"},
      {{"--auth", "LOGIN", "--auth-user", "ann", "h"}, "--auth LOGIN sends the password in clear"},
      {{"--auth", "XOAUTH2", "--auth-user", "ann", "h"}, "--auth XOAUTH2 sends the token in clear"},
      {{"--auth-in-clear", "h"}, "--auth-in-clear needs a mechanism (--auth)"},
      {{"--auth-user", "x", "h"}, "users without a mechanism: expected --auth"},
      {{"--tls", "--starttls", "h"}, "use only one of --tls or --starttls, but not both"},
      {{"--tls", "--tls-verify", "[::1]"}, "--tls-verify needs the name"},
      {{"--bind-ports", "5", "h"}, "--bind-ports needs addresses"},
      {{"--proxy-protocol", "v3", "h"}, "bad version: v3 (--proxy-protocol: expected v1 or v2)"},
      {{"--proxy-source", "::1", "h"}, "--proxy-source needs --proxy-protocol"},
      {{"--proxy-protocol", "v1", "--proxy-source", "x", "h"}, "bad address: x (--proxy-source:"},
      {{"--dsn-notify", "NEVER,DELAY", "h"}, "bad condition: NEVER,DELAY"},
      {{"--dsn-notify", "x", "h"}, "bad condition: x"},
      {{"--body", "9BIT", "h"}, "bad body type: 9BIT"},
      {{"--abort-on", "errors>20%", "h"}, "--abort-on needs --rate"},
      {{"--json", "-", "--html", "-", "h"}, "--json and --html cannot both be written to standard"},
      {{"--summary", "--csv", "-", "h"}, "--summary and --csv cannot both be written"},
      {{"-c", "--hlog", "-", "h"}, "-c and --hlog cannot both be written to standard output"},
      {{"--json", "x", "--csv", "x", "h"}, "--json and --csv cannot both be written to x"},
      {{"--summary", "--log", "-", "h"}, "--summary and --log cannot both be written to standard"},
      {{"--json", "x", "--log", "x", "h"}, "--json and --log cannot both be written to x"},
      {{"-o", "--pipelining", "h"}, "-o sends no EHLO"},
      {{"--pipeline-window", "0", "h"}, "bad pipeline window: 0"},
      {{"--chunk-size", "x", "h"}, "bad chunk size: x"},
      {{"--mt-priority", "10", "h"}, "bad priority: 10"},
      {{}, "missing endpoint"},
  };
  for (const auto& [words, expected] : cases) {
    const std::string said = refusal(source, words);
    EXPECT_NE(said.find(expected), std::string::npos) << "said: " << said;
  }
}

TEST(SourceOptions, AnImpliedSummaryLeavesStandardOutputToWhatWasAskedFor) {
  const auto summary = [](Words words) {
    words.insert(words.begin(), "smtp-source");
    return parse_source_command_line(static_cast<int>(words.size()), words.data()).report.summary;
  };
  EXPECT_TRUE(summary({"--duration", "1s", "h"}));
  EXPECT_TRUE(summary({"--duration", "1s", "--json", "x", "h"}));
  EXPECT_FALSE(summary({"--duration", "1s", "--json", "-", "h"}));
  EXPECT_FALSE(summary({"--duration", "1s", "--log", "-", "h"}));
  EXPECT_TRUE(summary({"--summary", "--json", "/dev/null", "--html", "/dev/null", "h"}));
}

TEST(SinkOptions, WhatIsSaidOfTlsNeedsTls) {
  EXPECT_EQ(refusal(sink, {"--tls-cert", "x", ":1"}),
            "--tls-cert needs --starttls, --tls, or a listener with starttls+ or tls+");
  EXPECT_EQ(refusal(sink, {"--tls-ask-cert", ":1"}),
            "--tls-ask-cert needs --starttls, --tls, or a listener with starttls+ or tls+");
  EXPECT_EQ(refusal(sink, {"--tls-ask-cert", "--starttls", ":1"}), "");
  EXPECT_EQ(refusal(sink, {"--tls-key-type", "rsa", ":1"}),
            "--tls-key-type needs --starttls, --tls, or a listener with starttls+ or tls+");
  EXPECT_EQ(refusal(sink, {"--tls-key-type", "ecdsa", ":1"}),
            "--tls-key-type needs --starttls, --tls, or a listener with starttls+ or tls+");
  EXPECT_EQ(refusal(sink, {"--tls-key-type", "rsa", "--tls", ":1"}), "");
  EXPECT_EQ(refusal(sink, {"--tls-key-type", "rsa", "--tls", "--tls-cert", "x", ":1"}),
            "--tls-key-type is of a certificate that is made: not with --tls-cert");
}

TEST(SinkOptions, AListenerAddsItsPrefixesToTheOptions) {
  using smtp::Extension;
  using Protocol = smtp::ServerProfile::Protocol;
  const auto listeners = sink({"--listen", "tls+:465", "-h", "mx", "--listen",
                               "starttls+proxy+127.0.0.1:587,name=submission", ":25", "--listen",
                               "starttls+lmtp+unix:/a+b,c,name=a/b", "--max-size", "5"})
                             .listeners;
  ASSERT_EQ(listeners.size(), 4U);
  struct Expected {
    std::string name;
    std::string endpoint;
    Protocol protocol;
    bool tls_from_start;
    bool starttls;
    bool proxy;
  };
  const std::vector<Expected> expected{
      {":25", ":25", Protocol::smtp, false, false, false},
      {":465", ":465", Protocol::smtp, true, false, false},
      {"submission", "127.0.0.1:587", Protocol::smtp, false, true, true},
      {"a/b", "unix:/a+b,c", Protocol::lmtp, false, true, false},
  };
  for (std::size_t place = 0; place < expected.size(); ++place) {
    const sink::Listener& one = listeners[place];
    EXPECT_EQ(one.name, expected[place].name);
    EXPECT_EQ(net::describe(one.endpoint), expected[place].endpoint);
    EXPECT_EQ(one.profile.protocol, expected[place].protocol) << one.name;
    EXPECT_EQ(one.tls_from_start, expected[place].tls_from_start) << one.name;
    EXPECT_EQ(one.profile.offered.has(Extension::starttls), expected[place].starttls) << one.name;
    EXPECT_EQ(one.expects_proxy_header, expected[place].proxy) << one.name;
    EXPECT_EQ(one.profile.host_name, "mx");
    EXPECT_EQ(one.profile.limits.message_size, 5U);
  }
}

TEST(SinkOptions, OptionsAreOfAllListeners) {
  using smtp::Extension;
  for (const sink::Listener& one :
       sink({"--tls", "--lmtp", ":1", "--listen", ":2", "--listen", "tls+lmtp+:3"}).listeners) {
    EXPECT_TRUE(one.tls_from_start) << one.name;
    EXPECT_EQ(one.profile.protocol, smtp::ServerProfile::Protocol::lmtp) << one.name;
  }
  const auto both = sink({"--modern", "--listen", "tls+:1", "--listen", ":2"}).listeners;
  EXPECT_FALSE(both.at(0).profile.offered.has(Extension::starttls));  // nobody turns to TLS twice
  EXPECT_TRUE(both.at(1).profile.offered.has(Extension::starttls));
  EXPECT_FALSE(sink({":1", "--listen", ":2"}).tls);
  EXPECT_TRUE(sink({":1", "--listen", "tls+:2", "--tls-version", "1.3"}).tls);
  EXPECT_TRUE(sink({":1", "--listen", "starttls+:2", "--tls-version", "1.3"}).tls);
  EXPECT_FALSE(sink({"--listen", "starttls+:2", "--withhold", "STARTTLS"}).tls);
}

TEST(SinkOptions, AListenerIsRefusedInASentence) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"tls+starttls+:465",
       "bad listener: tls+starttls+:465 (--listen: tls+ and starttls+ exclude each other)"},
      {"lmtp+tls+lmtp+:24", "(--listen: lmtp+ is there twice)"},
      {"ssl+:465", "(--listen: expected tls+, starttls+, lmtp+ or proxy+ before the endpoint)"},
      {"tls+", "(--listen: expected [inet:][host]:port or unix:path)"},
      {"", "(--listen: expected [inet:][host]:port or unix:path)"},
      {":25,nam=x", "(--listen: expected only ,name=NAME behind the endpoint)"},
      {":25,name=x,name=y", "(--listen: expected only ,name=NAME behind the endpoint)"},
      {":25,name=", "(--listen: expected a name without commas in one line)"},
      {":25,name=a,b", "(--listen: expected a name without commas in one line)"},
      {"tls+127.0.0.1", "bad endpoint: 127.0.0.1: missing port, as in 127.0.0.1:2525"},
      {":2,name=:1", "two listeners are named :1: names must differ (--listen :2,name=NAME)"},
      {"lmtp+:1", "two listeners are named :1: names must differ (--listen :1,name=NAME)"},
  };
  for (const auto& [listener, expected] : cases) {
    const std::string said = refusal(sink, {":1", "--listen", listener});
    EXPECT_NE(said.find(expected), std::string::npos) << "said: " << said;
  }
}

TEST(SourceOptions, WhatOtherToolsMeanByALetterIsToldOurWay) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"-d", "30s", "h"}, "takes no value; for a run of 30s: --duration 30s"},
      {{"-d30s", "h"}, "--duration 30s"},
      {{"-z", "10m", "h"}, "-z is no option here; for a run of 10m: --duration 10m"},
      {{"-duration=5s", "h"}, "--duration 5s"},
      {{"-c", "100", "h"}, "-c shows a running counter and takes no value; for 100 sessions"},
      {{"-c100", "h"}, "-s 100"},
      {{"-u", "50", "h"}, "-s 50"},
      {{"-n", "1000", "h"}, "for 1000 messages: -m 1000"},
      {{"-q", "200", "h"}, "--rate 200/s"},
      {{"-rate", "500/s", "h"}, "--rate 500/s"},
      {{"-tls", "h"}, "for STARTTLS: --starttls"},
      {{"--vus", "50", "h"}, "--vus is no option here; for 50 sessions at once: -s 50"},
      {{"--vus=50", "h"}, "-s 50"},
      {{"--iterations", "9", "h"}, "for 9 messages: -m 9"},
      {{"-a", "LOGIN", "h"}, "-a is no option here; for authentication: --auth MECHANISM"},
      {{"-au", "ann", "h"}, "-au is no option here; for the user ann: --auth-user ann"},
      {{"-ap", "secret", "h"}, "-ap is no option here; for a password: --auth-password-file FILE"},
      {{"-p", "587", "h"}, "-p is no option here; for port 587: HOST:587"},
      {{"-p", "h"}, "unknown option: -p"},
  };
  for (const auto& [words, expected] : cases) {
    const std::string said = refusal(source, words);
    EXPECT_NE(said.find(expected), std::string::npos) << "said: " << said;
  }
}

TEST(SourceOptions, WhatMayBeMeantAsItIsHereOnlyWarns) {
  const auto warnings = [](std::vector<std::string> arguments) {
    const OtherTools found = look_for_other_tools(arguments);
    EXPECT_EQ(found.error, "");
    return found.warnings;
  };
  EXPECT_EQ(
      warnings({"-R", "2000", "h"}),
      (std::vector<std::string>{"-R waits a random time of up to 2000 s between messages; for "
                                "2000 messages a second: --rate 2000/s"}));
  EXPECT_EQ(warnings({"-t4", "h"}),
            (std::vector<std::string>{"-t names the recipient 4; for 4 threads: --threads 4"}));
  EXPECT_TRUE(warnings({"-R", "5", "-t", "4@b", "-d", "-c", "-s", "100", "h:25"}).empty());
  EXPECT_TRUE(warnings({"-dc", "--", "-d", "30s"}).empty());
  EXPECT_TRUE(warnings({"-d"}).empty());
}

TEST(SourceOptions, AStageIsARampOrAHold) {
  EXPECT_NE(refusal(source, {"--stages", "step 5/s 1s", "h"}).find("bad stage: step 5/s 1s"),
            std::string::npos);
  EXPECT_EQ(source({"--stages", "hold 5/s 1s, hold 9/s 1s", "h"}).load.schedule.size(), 2U);
}

// What each option that has a list says of one in which an item is empty.
template <typename Parse>
void expect_no_empty_items(Parse parse, const char* endpoint,
                           const std::vector<std::array<const char*, 4>>& rows) {
  for (const auto& [option, names, one, other] : rows) {
    const std::string first = one;
    for (const std::string& list :
         {first + ",," + other, first + ", ," + other, first + ",", "," + first, std::string()}) {
      EXPECT_EQ(refusal(parse, {"--tls", option, list.c_str(), endpoint}),
                "bad list: " + list + " (" + names + ": an item is empty)");
    }
    EXPECT_EQ(refusal(parse, {"--tls", option, (first + " , " + other).c_str(), endpoint}), "");
  }
}

TEST(Lists, HaveNoEmptyItems) {
  expect_no_empty_items(source, "h",
                        {{"--bind", "--bind", "127.0.0.1", "127.0.0.2-127.0.0.9"},
                         {"--stages", "--stages", "hold 5/s 1s", "hold 9/s 1s"},
                         {"--tls-alpn", "--tls-alpn", "smtp", "h2"},
                         {"--dsn-notify", "--dsn-notify", "SUCCESS", "DELAY"}});
  expect_no_empty_items(sink, ":1",
                        {{"--proxy-from", "--proxy-from", "10.0.0.0/8", "unix"},
                         {"--xclient-from", "--xclient-from", "10.0.0.0/8", "unix"},
                         {"--offer", "--offer", "SIZE", "CHUNKING"},
                         {"--withhold", "--withhold", "SIZE", "CHUNKING"},
                         {"-f", "-f, --hard-reject", "mail", "rcpt"},
                         {"-r", "-r, --soft-reject", "mail", "rcpt"},
                         {"-q", "-q, --drop", "mail", "rcpt"},
                         {"-Q", "-Q, --disconnect", "mail", "rcpt"},
                         {"-s", "-s, --syslog", "mail", "rcpt"}});
}

TEST(SourceOptions, ALongValueIsNotQuotedWhole) {
  const std::string value(100'000, 'x');
  for (const char* const option : {"--threshold", "--rate", "--stages"}) {
    const std::string said = refusal(source, {option, value.c_str(), "h"});
    EXPECT_NE(said.find(": xxx"), std::string::npos) << said.substr(0, 500);
    EXPECT_NE(said.find("xxx... ("), std::string::npos) << said.substr(0, 500);
    EXPECT_LT(said.size(), 400U);
  }
  EXPECT_LT(refusal(source, {"--vus", value.c_str(), "h"}).size(), 400U);
  EXPECT_LT(refusal(source, {("--" + value).c_str(), "h"}).size(), 400U);
  EXPECT_LT(refusal(sink, {"-f", value.c_str(), ":1"}).size(), 400U);
  EXPECT_LT(refusal(sink, {"--offer", value.c_str(), ":1"}).size(), 400U);
}

TEST(SinkOptions, WordsOfTheFieldNameWhatTheShortOptionsDo) {
  EXPECT_EQ(sink({"--run-as", "mail", ":1"}).user, "mail");
  EXPECT_TRUE(sink({"--counter", ":1"}).show_counters);
  EXPECT_TRUE(first({"--tls-on-connect", ":1"}).tls_from_start);
  EXPECT_TRUE(source({"--tls-on-connect", "h"}).tls_from_start);
  EXPECT_EQ(sink({"--disconnect", "mail", ":1"}).commands[smtp::Verb::mail].action,
            sink::rules::CommandOption::Action::farewell);
}

TEST(TextValues, EscapesAreThoseOfC) {
  EXPECT_EQ(unescape("a\\n\\t\\\\\\101\\0x\\q\\"), std::string("a\n\t\\A\0xq\\", 9));
}

}  // namespace
}  // namespace millrace::cli
