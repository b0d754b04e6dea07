// What reports tell of clients that misbehave.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/json.h"
#include "report/merge.h"
#include "report/summary.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using metrics::ClientMetrics;
using test::sample_run;

ClientMetrics slow_writers() {
  ClientMetrics clients{.kind = "slow-writer 1",
                        .counts = {.sessions = 1'000,
                                   .connections = 1'200,
                                   .refused = 1,
                                   .by_server = 200,
                                   .by_end = 1'000,
                                   .taken = 3,
                                   .bytes_sent = 5'000,
                                   .bytes_received = 6'000}};
  for (int i = 0; i < 1'200; ++i) clients.held.record(2s);
  clients.replies.count(smtp::index(smtp::Verb::connect), 220, "220 hi");
  clients.replies.count(smtp::index(smtp::Verb::ehlo), 421, "421 4.4.2 too slow");
  return clients;
}

Run run_with(const std::vector<ClientMetrics>& clients) {
  Run run = sample_run(1, 5);
  run.measurement.clients = clients;
  return run;
}

TEST(Clients, AreInTheFileWhereThereAreAny) {
  EXPECT_FALSE(nlohmann::ordered_json::parse(to_json(sample_run(1, 5))).contains("clients"));
  const auto json = nlohmann::ordered_json::parse(to_json(run_with({slow_writers()})));
  const auto& one = json["clients"].at(0);
  EXPECT_EQ(one["kind"], "slow-writer 1");
  EXPECT_EQ(one["closed_by_server"], 200);
  EXPECT_EQ(one["held"]["count"], 1'200);
  EXPECT_EQ(one["replies"]["EHLO"].dump(), R"([{"code":421,"count":1,"enhanced":"4.4.2"}])");
}

TEST(Clients, AreReadAsTheyWereWritten) {
  const report::Run read = from_json(to_json(run_with({slow_writers()})), "x");
  ASSERT_EQ(read.measurement.clients.size(), 1U);
  const ClientMetrics& one = read.measurement.clients[0];
  const ClientMetrics as_written = slow_writers();
  EXPECT_EQ(one.kind, as_written.kind);
  for (const auto& row : metrics::kClientCountNames) {
    EXPECT_EQ(one.counts.*row.counter, as_written.counts.*row.counter) << row.name;
  }
  EXPECT_EQ(one.held.most(), as_written.held.most());
  EXPECT_EQ(one.replies.of(smtp::index(smtp::Verb::ehlo)).at(0).code, 421);
}

TEST(Clients, OfTheSameKindAreAdded) {
  ClientMetrics other = slow_writers();
  other.kind = "idle 60s";
  const auto both =
      merge({run_with({slow_writers()}), run_with({other, slow_writers()})}, {"a", "b"})
          .measurement.clients;
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].kind, "slow-writer 1");
  EXPECT_EQ(both[0].counts.connections, 2'400U);
  EXPECT_EQ(both[0].held.count(), 2'400U);
  EXPECT_EQ(both[0].replies.of(smtp::index(smtp::Verb::connect)).at(0).times, 2U);
  EXPECT_EQ(both[1].counts.connections, 1'200U);
}

TEST(Clients, AreShownApart) {
  const std::string text = summary(run_with({slow_writers()}), {});
  const std::string expected = R"(
Clients that misbehave   connections  held mean      p50      max     sent
  slow-writer 1                1,200     2.00 s   2.00 s   2.00 s  5.00 kB
    1 connect failed, 200 closed by the server, 1,000 open at the end,
      3 messages taken; replies: 220 x 1, 421 x 1
)";
  EXPECT_NE(text.find(expected), std::string::npos) << text;
  EXPECT_EQ(text.find("smuggled"), std::string::npos);
  EXPECT_EQ(summary(sample_run(1, 5), {}).find("Clients"), std::string::npos);
}

TEST(Clients, OfManyKindsFitInLinesOfEightyColumns) {
  report::Run run = run_with({slow_writers()});
  std::string all = "20 good";
  for (int i = 0; i < 40; ++i) all += fmt::format(", {} slow-writer {}", 10 * i, i);
  run.settings = {{"clients", all}};
  for (int code = 400; code < 500; ++code) {
    run.measurement.clients[0].replies.count(smtp::index(smtp::Verb::mail), code, "no");
  }
  std::string text = summary(run, {});
  EXPECT_NE(text.find("\n  clients     20 good, 0 slow-writer 0, "), std::string::npos) << text;
  EXPECT_NE(text.find(",\n              "), std::string::npos) << text;
  while (!text.empty()) {
    const std::string line = text.substr(0, text.find('\n'));
    // The verdict is a sentence, as long as it is.
    if (line.starts_with(' ')) {
      EXPECT_LE(line.size(), 80U) << line;
    }
    text.erase(0, line.size() + 1);
  }
}

TEST(Clients, AreToldOfUpToTheLastColumn) {
  ClientMetrics clients{.kind = "idle 1s", .counts = {.failed = 100, .by_end = 1}};
  for (int code = 400; code < 404; ++code) {
    clients.replies.count(smtp::index(smtp::Verb::mail), code, "no");
  }
  EXPECT_NE(summary(run_with({clients}), {})
                .find("\n    100 failed, 1 open at the end; replies: "
                      "400 x 1, 401 x 1, 402 x 1, 403 x 1\n"),
            std::string::npos);
}

TEST(Clients, ThatSmuggledAreRed) {
  ClientMetrics clients{.kind = "bare-lf LF.LF", .counts = {.connections = 1, .smuggled = 1}};
  EXPECT_NE(summary(run_with({clients}), {.colour = true})
                .find("\x1b[31m    1 smuggled message taken\x1b[0m"),
            std::string::npos);
}

TEST(Clients, ThatSmuggledNothingSaySo) {
  ClientMetrics clients{.kind = "bare-lf LF.LF",
                        .counts = {.connections = 1, .after_quit = 1, .taken = 1}};
  EXPECT_NE(summary(run_with({clients}), {})
                .find("    1 ended by QUIT, 1 message taken; replies: none\n"
                      "    nothing smuggled was taken\n"),
            std::string::npos);
  clients.counts = {};
  const std::string none = summary(run_with({clients}), {});
  EXPECT_EQ(none.find("smuggled"), std::string::npos);
  EXPECT_NE(none.find("    not begun; replies: none\n"), std::string::npos);
}

// Nobody has sent what totals are of.
TEST(Clients, AloneHaveNoTotals) {
  EXPECT_NE(summary(run_with({slow_writers()}), {}).find("Totals"), std::string::npos);
  report::Run run;
  run.measurement.clients = {slow_writers()};
  EXPECT_EQ(summary(run, {}).find("Totals"), std::string::npos);
  run.measurement.total.counters.unstarted = 1;
  EXPECT_NE(summary(run, {}).find("Totals"), std::string::npos);
  run.measurement.total.counters.started = 1;
  EXPECT_NE(summary(run, {}).find("Totals"), std::string::npos);
  run.measurement.total.counters.unstarted = 0;
  run.measurement.warmup.started = 1;
  EXPECT_NE(summary(run, {}).find("Totals"), std::string::npos);
}

TEST(Clients, AloneAreTheVerdict) {
  report::Run run;
  run.measurement.clients = {slow_writers()};
  EXPECT_EQ(verdict(run), "1,200 connections of clients that misbehave, and no good client.");
}

}  // namespace
}  // namespace millrace::report
