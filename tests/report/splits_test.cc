// Runs whose messages differ, split by kind, domain and sender, in each of their faces.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "report/html.h"
#include "report/json.h"
#include "report/merge.h"
#include "report/summary.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using metrics::Measurement;
using test::message_of;

template <typename Row>
Row named(std::string name, Duration latency, int times) {
  Row row{.name = std::move(name)};
  for (int i = 0; i < times; ++i) row.latency.record(latency);
  return row;
}

metrics::SplitRow<metrics::MessageCounts> messages(std::string name, int delivered,
                                                   std::uint64_t refused, std::uint64_t lost) {
  auto row = named<metrics::SplitRow<metrics::MessageCounts>>(std::move(name), 5ms, delivered);
  row.counts.counters.delivered = static_cast<std::uint64_t>(delivered);
  row.counts.counters.refused = refused;
  row.counts.counters.given_up = lost;
  return row;
}

metrics::SplitRow<metrics::RecipientCounts> recipients(std::string name, int accepted) {
  auto row = named<metrics::SplitRow<metrics::RecipientCounts>>(std::move(name), 7ms, accepted);
  row.counts = {.accepted = static_cast<std::uint64_t>(accepted),
                .deferred = 2,
                .refused = 3,
                .in_doubt = 4,
                .lost = 5};
  return row;
}

// Two kinds, eight domains and others, three senders.
Run split() {
  report::Run run = test::sample_run(2, 5);
  Measurement& measured = run.measurement;
  measured.kinds.emplace().rows = {messages("receipt", 150, 4, 1),
                                   messages("newsletter \x1b[31m<b>", 50, 0, 2)};
  measured.kinds->rows[0].counts.content_bytes = 1'234'567;
  measured.kinds->rows[0].counts.counters.in_doubt = 6;
  measured.domains.emplace();
  for (int number = 0; number < 8; ++number) {
    measured.domains->rows.push_back(recipients(fmt::format("d{}.test", number), 80 - number));
  }
  measured.domains->others = recipients("", 30);
  measured.domains->untold = 17;
  measured.senders.emplace().rows = {messages("<>", 100, 0, 0), messages("u1@a.test", 60, 1, 0),
                                     messages(std::string(70, 'u') + "@a.test", 40, 2, 0)};
  return run;
}

TEST(Splits, AreReadAsTheyWereWritten) {
  const std::string text = to_json(split());
  const report::Run read = from_json(text, "a.json");
  EXPECT_EQ(to_json(read), text);
  const Measurement& measured = read.measurement;
  EXPECT_EQ(measured.kinds->rows.at(0).counts.content_bytes, 1'234'567U);
  EXPECT_EQ(measured.kinds->rows.at(1).counts.counters.given_up, 2U);
  EXPECT_EQ(measured.domains->rows.at(7).name, "d7.test");
  EXPECT_EQ(measured.domains->rows.at(7).counts.lost, 5U);
  EXPECT_EQ(measured.domains->others.counts.accepted, 30U);
  EXPECT_EQ(measured.domains->others.latency.count(), 30U);
  EXPECT_EQ(measured.domains->untold, 17U);
  EXPECT_EQ(measured.senders->rows.at(0).name, "<>");
  EXPECT_EQ(summary(read, {}), summary(split(), {}));
}

TEST(Splits, ARunOfOneTextHasNone) {
  const std::string text = to_json(test::sample_run(2, 5));
  for (const char* const name : {"kinds", "domains", "senders"}) {
    EXPECT_FALSE(nlohmann::json::parse(text).contains(name));
  }
  EXPECT_FALSE(from_json(text, "a.json").measurement.kinds);
}

TEST(Splits, WhatIsNoneIsRefused) {
  for (const char* const wrong :
       {"7", "{}", R"({"rows":[],"others":{},"untold":0})", R"({"rows":[7]})"}) {
    for (const char* const name : {"kinds", "domains", "senders"}) {
      auto json = nlohmann::ordered_json::parse(to_json(split()));
      json[name] = nlohmann::ordered_json::parse(wrong);
      EXPECT_NE(message_of([&] { from_json(json.dump(), "a.json"); }), "nothing was thrown")
          << name << wrong;
    }
  }
}

TEST(Splits, AreInTheSummaryFiveRowsEach) {
  const std::string text = summary(split(), {});
  EXPECT_NE(text.find(R"(
Kinds                     delivered  refused not done    bytes      p50      p99
  receipt                       150        4        1  1.23 MB  5.00 ms  5.00 ms
  newsletter \x1b[31m<b>         50        0        2      0 B  5.00 ms  5.00 ms

Domains, by attempt        accepted      4xx      5xx     lost      p50      p99
  d0.test                        80        2        3        9  7.00 ms  7.00 ms
  d1.test                        79        2        3        9  7.00 ms  7.00 ms
  d2.test                        78        2        3        9  7.00 ms  7.00 ms
  d3.test                        77        2        3        9  7.00 ms  7.00 ms
  d4.test                        76        2        3        9  7.00 ms  7.00 ms
  all others                    252        8       12       36  7.00 ms  7.00 ms
  17 recipients of the others may be of any domain: they were not told apart

Senders                   delivered  refused not done      p50      p99      max
  <>                            100        0        0  5.00 ms  5.00 ms  5.00 ms
  u1@a.test                      60        1        0  5.00 ms  5.00 ms  5.00 ms
  uuuuuuuuuu...uu@a.test         40        2        0  5.00 ms  5.00 ms  5.00 ms
)"),
            std::string::npos)
      << text;
}

TEST(Splits, LongNamesThatDifferAtTheirEndDoSoInTheSummary) {
  report::Run run = split();
  const std::string long_name(40, 'k');
  run.measurement.kinds->rows = {messages(long_name + "-1", 9, 0, 0),
                                 messages(long_name + "-2", 8, 0, 0)};
  const std::string text = summary(run, {});
  EXPECT_NE(text.find("\n  kkkkkkkkkk...kkkkkkk-1          9 "), std::string::npos) << text;
  EXPECT_NE(text.find("\n  kkkkkkkkkk...kkkkkkk-2          8 "), std::string::npos) << text;
}

TEST(Splits, OfOneRowAreNotInTheSummary) {
  report::Run run = split();
  run.measurement.senders->rows.resize(1);
  EXPECT_EQ(summary(run, {}).find("Senders"), std::string::npos);
  run.measurement.domains->rows.resize(6);
  run.measurement.domains->others = {};
  const std::string text = summary(run, {});
  EXPECT_NE(text.find("  d5.test"), std::string::npos);
  EXPECT_EQ(text.find("all others"), std::string::npos);
}

TEST(Splits, OthersAreInTheSummaryWhereThereAreAny) {
  const auto domains = [](std::size_t rows, int others) {
    report::Run run = split();
    run.measurement.domains->rows.resize(rows);
    run.measurement.domains->others = {};
    if (others > 0) run.measurement.domains->others = recipients("", others);
    const std::string text = summary(run, {});
    return text.substr(text.find("\nDomains"), text.find("\nSenders") - text.find("\nDomains"));
  };
  // Of seven rows the last two.
  EXPECT_NE(domains(7, 0).find("\n  all others                    149 "), std::string::npos);
  EXPECT_EQ(domains(7, 0).find("d5.test"), std::string::npos);
  EXPECT_NE(domains(2, 3).find("\n  all others                      3 "), std::string::npos);
  EXPECT_EQ(domains(6, 0).find("all others"), std::string::npos);
}

TEST(Splits, NamesCannotEndTheScriptOfThePage) {
  report::Run run = split();
  run.measurement.kinds->rows[0].name = "</script><script>alert(1)</script>";
  const std::string page = to_html(run);
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find(R"(\u003c/script>)"), std::string::npos);
  EXPECT_NE(page.find(R"(newsletter \\x1b[31m\u003cb>)"), std::string::npos);
}

TEST(Splits, AreAddedWhenRunsAreMerged) {
  report::Run other = split();
  other.measurement.domains->rows[0].name = "else.test";
  const Measurement sum = merge({split(), other}, {"a", "b"}).measurement;
  EXPECT_EQ(sum.kinds->rows.at(0).counts.counters.delivered, 300U);
  EXPECT_EQ(sum.kinds->rows.at(0).counts.content_bytes, 2'469'134U);
  EXPECT_EQ(sum.domains->rows.size(), 9U);
  EXPECT_EQ(sum.domains->rows.at(0).name, "d1.test");
  // Each has others, and a name that the other lacks.
  EXPECT_EQ(sum.domains->untold, 2 * 44U);
  EXPECT_EQ(sum.senders->rows.at(0).latency.count(), 200U);
}

TEST(Splits, ARunWithoutThemIsAddedToTheOthers) {
  const report::Run plain = test::sample_run(2, 5);
  const Measurement sum = merge({plain, split()}, {"a", "b"}).measurement;
  EXPECT_EQ(sum.kinds->others.counts.counters.delivered, 200U);
  EXPECT_EQ(sum.kinds->others.latency.count(), 200U);
  EXPECT_EQ(sum.kinds->untold, 200U);
  EXPECT_EQ(sum.domains->others.counts.accepted, 230U);
  EXPECT_EQ(sum.domains->untold, 217U);
  EXPECT_EQ(sum.kinds->unsplit_runs, 1U);
  EXPECT_FALSE(merge({plain, plain}, {"a", "b"}).measurement.kinds);
}

TEST(Splits, ARunWithoutMessagesLacksNoSplitOfThem) {
  report::Run nothing = test::sample_run(2, 0);
  nothing.measurement.total = {};
  const report::Run merged = merge({split(), nothing}, {"a", "b"});
  EXPECT_EQ(merged.measurement.kinds->unsplit_runs, 0U);
  EXPECT_EQ(merged.measurement.domains->unsplit_runs, 0U);
  EXPECT_EQ(summary(merged, {}).find("no split"), std::string::npos);
}

TEST(Splits, WhatARunWithoutThemDoesNotTellIsNotKnownInTheSummary) {
  const report::Run plain = test::sample_run(2, 5);
  const report::Run merged = merge({plain, merge({split(), plain}, {"a", "b"})}, {"c", "d"});
  const std::string text = summary(from_json(to_json(merged), "a.json"), {});
  EXPECT_NE(text.find(R"(
  all others                    400        0        0        -  5.24 ms  5.49 ms
  400 messages of the others may be of any kind: they were not told apart
  2 runs had no split by kind: what is "-" of the others is not known
)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(
  all others                    652        -        -        -        -        -
  417 recipients of the others may be of any domain: they were not told apart
  2 runs had no split by domain: what is "-" of the others is not known
)"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace millrace::report
