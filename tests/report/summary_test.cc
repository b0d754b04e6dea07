#include "report/summary.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

#include "report/html.h"
#include "report/json.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using test::sample_run;
using test::sample_sink;

// The bars' bounds, for messages of these many microseconds.
std::vector<std::string> bars(std::initializer_list<std::int64_t> microseconds) {
  report::Run run;
  for (const std::int64_t value : microseconds) {
    run.measurement.total.service.record(std::chrono::microseconds(value));
  }
  std::istringstream lines(summary(run, {}));
  std::vector<std::string> bounds;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  below")) bounds.push_back(line.substr(8, 8));
  }
  return bounds;
}

TEST(Summary, BarsHaveRoundBoundsThatFitTheRange) {
  using Bounds = std::vector<std::string>;
  EXPECT_EQ(bars({90, 900}), (Bounds{"  100 us", "  200 us", "  500 us", " 1.00 ms"}));
  EXPECT_EQ(bars({20'300, 24'900}),
            (Bounds{" 20.5 ms", " 21.0 ms", " 21.5 ms", " 22.0 ms", " 22.5 ms", " 23.0 ms",
                    " 23.5 ms", " 24.0 ms", " 24.5 ms", " 25.0 ms"}));
  EXPECT_EQ(bars({20'300, 29'300}),
            (Bounds{" 21.0 ms", " 22.0 ms", " 23.0 ms", " 24.0 ms", " 25.0 ms", " 26.0 ms",
                    " 27.0 ms", " 28.0 ms", " 29.0 ms", " 30.0 ms"}));
  EXPECT_EQ(bars({20'300, 21'700}), (Bounds{" 20.4 ms", " 20.6 ms", " 20.8 ms", " 21.0 ms",
                                            " 21.2 ms", " 21.4 ms", " 21.6 ms", " 21.8 ms"}));
  EXPECT_EQ(bars({7}), (Bounds{"    8 us"}));
  EXPECT_EQ(bars({5, 100}), (Bounds{"   10 us", "   20 us", "   50 us", "  100 us", "  200 us"}));
  EXPECT_EQ(bars({0}).size(), 1U);
  EXPECT_EQ(bars({80, 100}).back(), "  102 us");
  EXPECT_EQ(bars({100, 500}), (Bounds{"  200 us", "  500 us", " 1.00 ms"}));
  EXPECT_EQ(bars({1, 6'000}).size(), 12U);
  EXPECT_EQ(bars({1, 3'600'000'000}).size(), 10U);
  for (std::int64_t least = 1; least < 2'000'000; least = least * 3 + 1) {
    for (std::int64_t most = least; most < 2'000'000; most = most * 5 / 4 + 1) {
      EXPECT_LE(bars({least, most}).size(), 12U) << least << " " << most;
    }
  }
}

TEST(Summary, ABarOfNothingHasNoShare) {
  report::Run run;
  for (const auto took : {0us, 0us, 9us}) run.measurement.total.service.record(took);
  EXPECT_NE(summary(run, {}).find("\n"
                                  "  below     2 us     66.7%            2  " +
                                  std::string(32, '#') +
                                  "\n"
                                  "  below     5 us                      0  \n"
                                  "  below    10 us     33.3%            1  ################\n"),
            std::string::npos)
      << summary(run, {});
}

// A list that fits its line to the column, and one that does not.
TEST(Summary, SettingsAreBrokenWhereTheLineEnds) {
  report::Run run;
  run.settings = {{"clients", std::string(32, 'a') + ", " + std::string(32, 'b')}};
  EXPECT_NE(summary(run, {}).find("a, b"), std::string::npos);
  run.settings.front().second += 'b';
  EXPECT_NE(summary(run, {}).find("a,\n              b"), std::string::npos);
}

TEST(Summary, LatenciesAreShownWhereThereAreAny) {
  const auto shows = [](const report::Run& run) {
    return summary(run, {}).find("\nLatency") != std::string::npos;
  };
  report::Run run;
  EXPECT_FALSE(shows(run));
  run.measurement.total.failed.record(1ms);
  EXPECT_TRUE(shows(run));
}

TEST(Summary, TellsOfALogAndOfWhatItLacks) {
  report::Run run = sample_run(1, 5);
  EXPECT_EQ(summary(run, {}).find("\n  log"), std::string::npos);
  run.measurement.log = {.lines = 1'234};
  EXPECT_NE(summary(run, {}).find("\n  log                   1,234 lines\n"), std::string::npos);
  EXPECT_EQ(summary(run, {}).find("dropped"), std::string::npos);
  run.measurement.log->dropped = 2;
  EXPECT_NE(summary(run, {}).find(" lines\n                            2 dropped\n"),
            std::string::npos)
      << summary(run, {});
}

TEST(Summary, TellsOfAJournalAndOfWhatItLacks) {
  report::Run run = sample_run(1, 5);
  EXPECT_EQ(summary(run, {}).find("\n  proof"), std::string::npos);
  run.measurement.proof = {.path = "a.proof", .records = 1'234};
  EXPECT_NE(summary(run, {}).find("\n  proof                 1,234 records in a.proof\n"),
            std::string::npos)
      << summary(run, {});
  run.measurement.proof->lost = 2;
  EXPECT_NE(summary(run, {}).find(" a.proof\n                            2 could not be written\n"),
            std::string::npos)
      << summary(run, {});
}

TEST(Summary, StaysWithinEightyColumns) {
  report::Run run = sample_run(20, 900);
  run.measurement.open_loop = true;
  run.measurement.generator.busy = {0.99};
  run.verdicts = {{.threshold = "p99<250ms", .value = "5.00 s", .passed = false}};
  const std::string text = summary(run, {});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" messages at ") < line.size()) continue;  // the sentence
    EXPECT_LE(line.size(), 80U) << line;
  }
  EXPECT_LT(text.find("may be the bottleneck:\n  a thread of it was busy 99%"), 400U);
  EXPECT_NE(text.find("FAILED p99<250ms"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Summary, LeadsWithTheGeneratorUnlessTheServerTurnedMostMessagesAway) {
  report::Run run = sample_run(2, 5);
  run.measurement.generator.busy = {0.99};
  run.measurement.total.count_error(metrics::Error::rejected, "550 no");
  const std::string lead = "The generator itself may be the bottleneck:\n  a thread of it was busy";
  EXPECT_LT(summary(run, {}).find(lead), summary(run, {}).find("\nTotals"));
  run.measurement.total.counters.refused = 1'000;
  EXPECT_GT(summary(run, {}).find(lead), summary(run, {}).find("\nErrors"));
  EXPECT_LT(summary(run, {}).find(lead), std::string::npos);
}

// A run in which all occurred that a summary has a line for.
report::Run eventful() {
  report::Run run;
  run.settings = {{"to", "127.0.0.1:25"}, {"load", "open loop, 550/s"}};
  run.environment = {.cores = 2, .engine = "epoll", .threads = 1};
  run.verdicts = {{.threshold = "p99<1ms", .value = "9.00 ms", .passed = false},
                  {.threshold = "rate>1/s", .value = "500.0/s", .passed = true}};
  metrics::Measurement& measured = run.measurement;
  measured.open_loop = true;
  measured.measured = 2s;
  measured.elapsed = 3s;
  measured.warmup.delivered = 100;
  metrics::Metrics& total = measured.total;
  total.counters = {.delivered = 1'000,
                    .refused = 60,
                    .lost = 30,
                    .unfinished = 8,
                    .unstarted = 2,
                    .recipients = 2'000,
                    .bytes_sent = 1'234'567,
                    .bytes_received = 54'321,
                    .sessions_opened = 10,
                    .sessions_reused = 990,
                    .sessions_failed = 1,
                    .tls_handshakes = 10,
                    .tls_resumed = 4};
  for (int message = 0; message < 1'000; ++message) {
    const auto took = message < 900 ? 2ms : message < 999 ? 5ms : 15ms;
    total.service.record(took);
    total.intended.record(took + 1ms);
  }
  total.failed.record(9ms);
  total[metrics::LatencyPhase::connect].record(800us);
  total.replies.count(smtp::index(smtp::Verb::mail), 250, "250 Ok");
  for (int kind = 1; kind < 12; ++kind) {
    total.replies.count(smtp::index(smtp::Verb::mail), 250, fmt::format("250 2.1.{} Ok", kind));
  }
  total.replies.count(smtp::index(smtp::Verb::data), 354, "354 go on");
  for (int refusal = 0; refusal < 60; ++refusal) {
    total.replies.count(smtp::index(smtp::Verb::rcpt), 450, "450 4.2.0 Try again");
    total.count_error(metrics::Error::rejected, "450 4.2.0 Try again");
  }
  total.count_error(metrics::Error::reset, "Connection reset by peer");
  measured.stages = {{.name = "ramp 0-550/s 1s", .begin = 1s, .length = 1s, .metrics = total},
                     {.name = "hold 550/s 4s", .begin = 2s, .length = 4s, .metrics = total},
                     {.name = "never begun", .begin = 3s, .length = 1s}};
  return run;
}

TEST(Summary, SaysAllThatWasMeasured) {
  EXPECT_EQ(summary(eventful(), {}), R"(smtp-source: 2.0 s measured
  to          127.0.0.1:25
  load        open loop, 550/s
  on          epoll, 1 thread, 2 cores

Totals
  messages              1,000 delivered        500.0/s
                           60 refused
                           30 lost with their session
                            8 unfinished at the end
                            2 due, but never started
                          100 more in the warm-up, left out
  recipients            2,000                 1000.0/s
  bytes               1.23 MB sent            617 kB/s
                      54.3 kB received       27.2 kB/s
  sessions                 10 opened             5.0/s
                          990 messages on a session used before
                            1 failed
  TLS                      10 handshakes, 4 resumed

Latency            p50      p90      p95      p99    p99.9   p99.99      max
  intended     3.00 ms  3.00 ms  6.00 ms  6.00 ms  6.00 ms  16.0 ms  16.0 ms
  service      2.00 ms  2.00 ms  5.00 ms  5.00 ms  5.00 ms  15.0 ms  15.0 ms
  failed       9.01 ms  9.01 ms  9.01 ms  9.01 ms  9.01 ms  9.01 ms  9.01 ms

  below  5.00 ms     90.0%          900  ################################
  below  10.0 ms     9.90%           99  ####
  below  20.0 ms     0.10%            1  #

Phases             p50      p90      p95      p99    p99.9   p99.99      max
  connect       800 us   800 us   800 us   800 us   800 us   800 us   800 us

Replies
  MAIL        250                        1
  MAIL        250 2.1.1                  1
  MAIL        250 2.1.2                  1
  MAIL        250 2.1.3                  1
  MAIL        250 2.1.4                  1
  MAIL        250 2.1.5                  1
  MAIL        250 2.1.6                  1
  MAIL        250 2.1.7                  1
  MAIL        250 2.1.8                  1
  MAIL        250 2.1.9                  1
  MAIL        250 2.1.10                 1
  RCPT        450 4.2.0                 60
  and 2 kinds more (see --json)

Errors
  reset                     1  Connection reset by peer
  rejected                 60  450 4.2.0 Try again

Stages                     messages      rate      p50      p99   failed
  ramp 0-550/s 1s             1,000  1000.0/s  3.00 ms  6.00 ms      100
  hold 550/s 4s               1,000  1000.0/s  3.00 ms  6.00 ms      100
  never begun                     0     0.0/s     0 us     0 us        0

Thresholds
  FAILED p99<1ms                       9.00 ms
  passed rate>1/s                      500.0/s

1,000 messages at 500.0/s, 9.09% of 1,100 not delivered (2 never started), half of the others )"
                                     "within 3.00 ms and 99% within 6.00 ms; 1 of 2 thresholds "
                                     "failed.\n");
}

TEST(Summary, WhatSaysNoIsRed) {
  const std::string text = summary(eventful(), {.colour = true});
  EXPECT_NE(text.find("\x1b[31m  RCPT        450 4.2.0"), std::string::npos);
  EXPECT_NE(text.find("\n  MAIL        250 "), std::string::npos);
  EXPECT_NE(text.find("\x1b[31m  FAILED p99<1ms"), std::string::npos);
  EXPECT_NE(text.find("\x1b[32m  passed rate>1/s"), std::string::npos);
}

TEST(Summary, ACodeOf400SaysNo) {
  report::Run run = eventful();
  metrics::ReplyCounts& replies = run.measurement.total.replies;
  replies = {};
  for (int kind = 1; kind < 13; ++kind) {
    replies.count(smtp::index(smtp::Verb::mail), 250, fmt::format("250 2.1.{} Ok", kind));
  }
  replies.count(smtp::index(smtp::Verb::rcpt), 400, "400 no");
  EXPECT_NE(summary(run, {.colour = true}).find("\x1b[31m  RCPT        400 "), std::string::npos);
  EXPECT_NE(summary(run, {}).find("\n  and 1 kind more "), std::string::npos);
}

TEST(Summary, StagesAreShownWhereThereAreSeveral) {
  report::Run run = eventful();
  run.measurement.stages.pop_back();
  EXPECT_NE(summary(run, {}).find("\nStages "), std::string::npos);
  run.measurement.stages.pop_back();
  EXPECT_EQ(summary(run, {}).find("\nStages "), std::string::npos);
}

TEST(Summary, RulesAreShownInTheirOrderAndThenAnswers) {
  const std::string text = summary(sample_sink(1), {});
  const std::string expected = R"(
Rules
  greylisting                       12,345
  outage                                 0
  big-is-strict                          7
  1,234 keys of rates and greylists had to be forgotten

Answers
  queued                1,050
  sent                  1,000
  refused                  20
  failed                   15
  dropped                  10
  unsent                    5
  not allowed               3

It took )";
  EXPECT_NE(text.find(expected), std::string::npos) << text;
}

TEST(Summary, WithoutRulesAndAnswersThereIsNothingOfThem) {
  report::Run run = sample_sink(1);
  run.measurement.keys_forgotten = 1;
  EXPECT_NE(summary(run, {.colour = true}).find("\x1b[31m  1 key of rates "), std::string::npos);
  run.measurement.keys_forgotten = 0;
  EXPECT_EQ(summary(run, {}).find("forgotten"), std::string::npos);
  EXPECT_NE(summary(run, {}).find("\nRules\n"), std::string::npos);
  run.measurement.rules.clear();
  run.measurement.answers.reset();
  EXPECT_EQ(summary(run, {}).find("\nRules"), std::string::npos);
  EXPECT_EQ(summary(run, {}).find("\nAnswers"), std::string::npos);
}

TEST(Summary, TellsWhatBecameOfMessagesBehindTheServer) {
  report::Run run = sample_run(1, 5);
  EXPECT_EQ(summary(run, {}).find("Behind the server"), std::string::npos);
  EXPECT_EQ(summary(run, {}).find("of all asked"), std::string::npos);
  run.measurement.end_to_end = {
      .asked = 2'004, .accepted = 2'000, .arrived = 1'990, .bounced = 4, .backlog = 123};
  for (int i = 0; i < 1'990; ++i) run.measurement.end_to_end->latency.record(2s);
  const std::string text = summary(run, {});
  EXPECT_NE(text.find("\nBehind the server\n"
                      "  asked                 2,004 copies, one a recipient\n"
                      "  accepted              2,000 by the server\n"
                      "  arrived               1,990 at a sink\n"
                      "  bounced                   4 to a sink\n"
                      "  missing                   6 had not arrived in time to count\n"
                      "  backlog                 123 when the load was over, warm-up and all\n"
                      "  of all asked p50 2.00 s, p99 2.00 s, max none; what did not arrive counts "
                      "as slowest\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\n  arrived       2.00 s   2.00 s"), std::string::npos) << text;
}

TEST(Summary, OneIsOne) {
  report::Run run;
  metrics::Counters& counters = run.measurement.total.counters;
  run.measurement.measured = 1s;
  EXPECT_EQ(verdict(run), "nothing was measured.");
  counters.unstarted = 1;
  EXPECT_EQ(verdict(run), "nothing was delivered of 1 message.");
  counters.delivered = counters.sessions_reused = 1;
  run.measurement.total.intended.record(3ms);
  EXPECT_EQ(
      verdict(run),
      "1 message at 1.0/s, 50.0% of 2 not delivered (1 never started), the other within 3.00 ms.");
  EXPECT_NE(summary(run, {}).find(" 1 message on a session used before\n"), std::string::npos);
  counters.tls_handshakes = 1;
  EXPECT_NE(summary(run, {}).find(" 1 handshake, 0 resumed\n"), std::string::npos);
  counters.unstarted = 0;
  run.verdicts = {{.threshold = "p99<1ms", .value = "3.00 ms", .passed = false}};
  EXPECT_EQ(verdict(run),
            "1 message at 1.0/s, without an error, within 3.00 ms; 1 of 1 threshold failed.");
  counters.delivered = 2;
  EXPECT_EQ(verdict(run),
            "2 messages at 2.0/s, without an error, half of them within 3.00 ms and 99% within "
            "3.00 ms; 1 of 1 threshold failed.");
  run.kind = Run::Kind::sink;
  counters.recipients = counters.sessions_opened = 1;
  EXPECT_EQ(verdict(run), "It took 2 messages for 1 recipient over 1 session.");
}

TEST(Summary, NothingThatWasSaidDrivesTheTerminal) {
  const std::string hostile = "\x1b]0;owned\x07\n\u009b2J\x7f\u202e";
  report::Run run = sample_run(2, 5);
  run.kind = Run::Kind::source;
  run.settings = {{hostile, hostile}};
  run.environment = {.host = hostile, .kernel = hostile, .cpu = hostile, .engine = hostile};
  run.verdicts = {{.threshold = hostile, .value = hostile, .passed = false},
                  {.threshold = hostile, .value = hostile, .passed = true}};
  metrics::Measurement& measured = run.measurement;
  measured.total.count_error(metrics::Error::rejected, hostile);
  measured.stages.push_back(measured.stages.front());
  measured.stages.front().name = hostile;
  measured.rules = {{.name = hostile}};
  for (const bool colour : {false, true}) {
    std::string text = summary(run, {.colour = colour});
    for (const std::string own : {"\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m"}) {
      for (std::size_t at; (at = text.find(own)) < text.size();) text.erase(at, own.size());
    }
    EXPECT_EQ(text.find_first_of("\x1b\x07\x7f\r\t"), std::string::npos) << text;
    for (const char* const character : {"\u009b", "\u202e"}) {
      EXPECT_EQ(text.find(character), std::string::npos);
    }
    EXPECT_NE(text.find("\\x1b]0;owned\\x07\\n"), std::string::npos) << text;
  }
  const std::string rules = summary(run, {}).substr(summary(run, {}).find("\nRules"));
  EXPECT_TRUE(rules.starts_with("\nRules\n  \\x1b]0;owned\\x07\\n")) << rules;
  // The page has the same in a script, where JSON and then the page itself would show it.
  const std::string page = to_html(run);
  EXPECT_EQ(page.find("\\u001b"), std::string::npos);
  EXPECT_EQ(page.find("\u202e"), std::string::npos);
  EXPECT_NE(page.find("\\\\x1b]0;owned"), std::string::npos);
  // And a file of it may be looked at.
  const std::string json = to_json(run);
  EXPECT_EQ(std::count_if(json.begin(), json.end(),
                          [](char byte) { return (byte < ' ' && byte != '\n') || byte > '~'; }),
            0);
}

}  // namespace
}  // namespace millrace::report
