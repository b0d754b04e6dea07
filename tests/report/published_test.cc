// Files as they were once published, of which each is read for ever: none of them is ever changed.
// A new minor version of the schema adds its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "report/json.h"
#include "report/json_fields.h"
#include "report/summary.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using metrics::Error;
using metrics::ReplyCounts;
using test::message_of;

std::string published(const std::string& name) {
  return std::string(MILLRACE_PUBLISHED) + '/' + name;
}

std::string text_of(const std::string& name) {
  std::ifstream file(published(name));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string changed(std::string text, const std::string& old, const std::string& put) {
  const std::size_t place = text.find(old);
  EXPECT_NE(place, std::string::npos) << old;
  return place == std::string::npos ? text : text.replace(place, old.size(), put);
}

// The same as it is written today, where that has nothing more to say of it.
std::string as_newest(const std::string& name) {
  return changed(text_of(name), fmt::format("{}/{}.5", kSchemaName, kSchemaMajor),
                 fmt::format("{}/{}.{}", kSchemaName, kSchemaMajor, kSchemaMinor));
}

const ReplyCounts::Count& only_reply(const metrics::Metrics& metrics, smtp::Verb verb) {
  return metrics.replies.of(smtp::index(verb)).at(0);
}

// What the text of a sink's run of 1.2 and later adds.
void check_rules(const metrics::Measurement& measured) {
  ASSERT_EQ(measured.rules.size(), 2U);
  EXPECT_EQ(measured.rules[0].name, "nobody-here");
  EXPECT_EQ(measured.rules[0].hits, 225U);
  EXPECT_EQ(measured.rules[1].hits, 0U);
  EXPECT_EQ(measured.keys_forgotten, 6U);
  ASSERT_TRUE(measured.answers);
  EXPECT_EQ(measured.answers->queued, 15U);
  EXPECT_EQ(measured.answers->not_allowed, 7U);
}

// All forms are of the same run, so that all say the same.
void check_source(const std::string& name) {
  SCOPED_TRACE(name);
  const Run run = read_run(published(name));
  const metrics::Measurement& measured = run.measurement;
  const metrics::Counters& counters = measured.total.counters;
  EXPECT_EQ(run.kind, Run::Kind::source);
  EXPECT_EQ(run.program, "smtp-source (Millrace) 0.1.0");
  EXPECT_EQ(run.environment.engine, "io_uring");
  EXPECT_EQ(run.settings.size(), 3U);
  EXPECT_EQ(run.verdicts.at(1).threshold, "errors<0.1%");
  EXPECT_FALSE(run.thresholds_passed());
  EXPECT_EQ(measured.measured, std::chrono::milliseconds(2'500));
  EXPECT_TRUE(measured.open_loop);
  EXPECT_EQ(counters.delivered, 30U);
  EXPECT_EQ(counters.lost, 68U);
  EXPECT_EQ(counters.unstarted, 0U);
  EXPECT_EQ(counters.failed(), 68U);
  EXPECT_EQ(measured.warmup.delivered, 30U);
  EXPECT_EQ(measured.total.intended.percentile(0.99), 4'847U);
  EXPECT_EQ(measured.total.service.percentile(0.5), 468U);
  EXPECT_EQ(measured.total[metrics::LatencyPhase::connect].percentile(0.95), 232U);
  EXPECT_EQ(only_reply(measured.total, smtp::Verb::rcpt).code, 250);
  EXPECT_EQ(only_reply(measured.total, smtp::Verb::rcpt).times, 60U);
  EXPECT_EQ(ReplyCounts::text(only_reply(measured.total, smtp::Verb::rcpt).enhanced), "2.1.5");
  EXPECT_EQ(measured.total.errors[metrics::index(Error::refused)].times, 68U);
  EXPECT_EQ(measured.generator.late_starts, 24U);
  EXPECT_EQ(measured.stages.size(), 2U);
  EXPECT_EQ(measured.stages.at(1).metrics.counters.lost, 68U);
  EXPECT_EQ(measured.series.size(), 4U);
  EXPECT_EQ(measured.series.at(1).counters.delivered, 29U);
  EXPECT_EQ(measured.series.at(1).p99, 4'847U);
  EXPECT_EQ(summary(run, {}), summary(read_run(published("source-1.1.json")), {}));
}

void check_sink(std::uint64_t minor) {
  const std::string name = fmt::format("sink-{}.{}.json", kSchemaMajor, minor);
  SCOPED_TRACE(name);
  const Run run = read_run(published(name));
  const metrics::Measurement& measured = run.measurement;
  EXPECT_EQ(run.kind, Run::Kind::sink);
  EXPECT_EQ(measured.total.counters.started, 225U);
  EXPECT_EQ(measured.total.counters.unstarted, 0U);
  EXPECT_EQ(only_reply(measured.total, smtp::Verb::rcpt).code, 500);
  EXPECT_EQ(measured.total.errors[metrics::index(Error::rejected)].sample,
            "500 5.3.0 Error: command failed");
  EXPECT_EQ(measured.series.size(), 4U);
  EXPECT_EQ(measured.series.at(3).errors[metrics::index(Error::rejected)], 105U);
  if (minor >= 2) return check_rules(measured);
  EXPECT_TRUE(measured.rules.empty());
  EXPECT_EQ(measured.keys_forgotten, 0U);
  EXPECT_FALSE(measured.answers);
}

TEST(Published, EachMinorVersionIsRead) {
  for (std::uint64_t minor = 0; minor <= kSchemaMinor; ++minor) {
    check_source(fmt::format("source-{}.{}.json", kSchemaMajor, minor));
    check_sink(minor);
  }
}

TEST(Published, WhatASinkFoundOfItsClientsIsRead) {
  const metrics::Measurement measured = read_run(published("sink-1.5.json")).measurement;
  ASSERT_TRUE(measured.lint);
  EXPECT_EQ(measured.lint->findings.at(0).times, 3U);
  EXPECT_EQ(measured.lint->clients.at(0).findings.at(0).name, "bare-lf");
  EXPECT_FALSE(read_run(published("sink-1.4.json")).measurement.lint);
}

TEST(Published, SplitsByKindDomainAndSenderAreRead) {
  const std::string name = "source-splits-1.4.json";
  const metrics::Measurement measured = read_run(published(name)).measurement;
  ASSERT_EQ(measured.kinds->rows.size(), 2U);
  EXPECT_EQ(measured.kinds->rows[0].name, "words");
  EXPECT_EQ(measured.kinds->rows[0].counts.counters.delivered, 17U);
  EXPECT_EQ(measured.kinds->rows[0].counts.content_bytes, 34'692U);
  ASSERT_EQ(measured.domains->rows.size(), 4U);
  EXPECT_EQ(measured.domains->rows[0].latency.count(), 32U);
  EXPECT_EQ(measured.domains->rows[1].name, "no.test");
  EXPECT_EQ(measured.domains->rows[1].counts.refused, 20U);
  ASSERT_EQ(measured.senders->rows.size(), 4U);
  EXPECT_EQ(measured.senders->rows[3].name, "<>");
  EXPECT_EQ(measured.senders->rows[0].counts.counters.refused, 6U);
  EXPECT_EQ(measured.senders->untold, 0U);
  // What the file says that it has of one, it has.
  const std::string lacking = changed(text_of(name), "\"untold\"", "\"others_untold\"");
  EXPECT_EQ(message_of([&] { from_json(lacking, "a.json"); }),
            "a.json: not a run as this version writes it: key 'untold' not found");
}

TEST(Published, ProbesOfASearchForACapacityAreRead) {
  const std::string name = "source-capacity-1.5.json";
  const report::Run run = read_run(published(name));
  ASSERT_TRUE(run.capacity);
  const Capacity& capacity = *run.capacity;
  EXPECT_EQ(capacity.of, Capacity::Of::rate);
  EXPECT_EQ(capacity.objective, (std::vector<std::string>{"errors<2%", "p99<5s"}));
  EXPECT_EQ(capacity.level, 95.8);
  EXPECT_TRUE(capacity.confirmed);
  EXPECT_EQ(capacity.limited_by, Capacity::Limit::server);
  EXPECT_EQ(capacity.limited_at, 100);
  ASSERT_EQ(capacity.probes.size(), 12U);
  EXPECT_EQ(capacity.probes[4].outcome, CapacityProbe::Outcome::late);
  EXPECT_FALSE(capacity.probes[4].reason.empty());
  EXPECT_EQ(capacity.probes[2].failed_share, 0.025);
  EXPECT_EQ(capacity.probes[11].confirms, true);
  EXPECT_EQ(to_json(run), as_newest(name));
  // What the file says that it has of one, it has.
  const std::string lacking = changed(text_of(name), "\"confirms\"", "\"confirm\"");
  EXPECT_EQ(message_of([&] { from_json(lacking, "a.json"); }),
            "a.json: not a run as this version writes it: key 'confirms' not found");
}

TEST(Published, WhatBecameOfMessagesBehindTheServerIsRead) {
  const std::string name = "source-end-to-end-1.6.json";
  const report::Run run = read_run(published(name));
  const metrics::EndToEnd& behind = run.measurement.end_to_end.value();
  EXPECT_EQ(behind.asked, 25U);
  EXPECT_EQ(behind.accepted, 24U);
  EXPECT_EQ(behind.arrived, 20U);
  EXPECT_EQ(behind.bounced, 1U);
  EXPECT_EQ(behind.not_arrived(), 4U);
  EXPECT_EQ(behind.backlog, 17U);
  EXPECT_EQ(behind.latency.count(), 20U);
  const ProbeArrivals& probe = run.capacity.value().probes.at(0).arrivals.value();
  EXPECT_EQ(probe.p99, 6'127U);
  EXPECT_EQ(probe.not_arrived, 3U);
  EXPECT_EQ(probe.backlog, 9U);
  EXPECT_EQ(to_json(run), text_of(name));
  const std::string lacking = changed(text_of(name), "\"backlog\"", "\"queue\"");
  EXPECT_EQ(message_of([&] { from_json(lacking, "a.json"); }),
            "a.json: not a run as this version writes it: key 'backlog' not found");
  EXPECT_FALSE(read_run(published("source-1.5.json")).measurement.end_to_end);
}

TEST(Published, PartsAndTheirStartAreRead) {
  const std::string name = "source-parts-1.5.json";
  const report::Run run = read_run(published(name));
  ASSERT_TRUE(run.parts);
  EXPECT_EQ(run.parts->run, "0123456789ab");
  EXPECT_EQ(run.parts->load, "cdef01234567");
  EXPECT_EQ(run.parts->of, 4U);
  EXPECT_EQ(run.parts->numbers, (std::vector<unsigned>{1, 3}));
  const metrics::AgreedStart start = run.measurement.agreed_start.value();
  EXPECT_TRUE(start.synchronised);
  EXPECT_EQ(start.estimated_error, 412U);
  EXPECT_EQ(start.most_error, 15'300U);
  EXPECT_EQ(start.late, 7U);
  EXPECT_EQ(to_json(run), as_newest(name));
  const std::string lacking = changed(text_of(name), "\"numbers\"", "\"which\"");
  EXPECT_EQ(message_of([&] { from_json(lacking, "a.json"); }),
            "a.json: not a run as this version writes it: key 'numbers' not found");
}

// Made by hand, with a member more in each of its objects.
TEST(Published, WhatANewerMinorVersionHasBesidesIsPassedOver) { check_source("source-newer.json"); }

TEST(Published, AnotherMajorVersionIsToldWithBoth) {
  const std::string good = text_of("source-1.1.json");
  for (const char* const schema : {"millrace-run/2", "millrace-run/2.0", "millrace-run/0.9",
                                   "millrace-run/11", "millrace-run/1.", "millrace-run/1.x",
                                   "millrace-run/1.-1", "millrace-run/1.1.1", "other/7"}) {
    const std::string text = changed(good, "millrace-run/1.1", schema);
    EXPECT_EQ(
        message_of([&] { from_json(text, "a.json"); }),
        fmt::format("a.json: its schema is \"{}\", expected millrace-run/1, of any minor version",
                    schema));
  }
}

// What a file says that it has, it has.
TEST(Published, OnlyWhatIsNewerThanTheFileMayBeLacking) {
  const std::string unstarted = "\n  \"messages_unstarted\": 0,";
  const std::string now = changed(text_of("source-1.1.json"), unstarted, "");
  EXPECT_EQ(message_of([&] { from_json(now, "a.json"); }),
            "a.json: not a run as this version writes it: key 'messages_unstarted' not found");
  const std::string older = changed(text_of("source-1.0.json"), "\n  \"messages\": 30,", "");
  EXPECT_EQ(message_of([&] { from_json(older, "a.json"); }),
            "a.json: not a run as this version writes it: key 'messages' not found");
  const std::string rules = changed(text_of("sink-1.2.json"), "\"rules\"", "\"others\"");
  EXPECT_EQ(message_of([&] { from_json(rules, "a.json"); }),
            "a.json: not a run as this version writes it: key 'rules' not found");
  const std::string none = changed(text_of("sink-1.2.json"), "\"answers\"", "\"others\"");
  EXPECT_EQ(message_of([&] { from_json(none, "a.json"); }), "nothing was thrown");
  const std::string without = changed(text_of("source-1.0.json"), "\"generator\"", "\"engine\"");
  EXPECT_EQ(message_of([&] { from_json(without, "a.json"); }),
            "a.json: not a run as this version writes it: key 'generator' not found");
}

TEST(Published, WhatIsWrittenIsOfTheNewestVersion) {
  const std::string newest = fmt::format("source-{}.{}.json", kSchemaMajor, kSchemaMinor);
  for (const char* const name :
       {"source-1.0.json", "source-1.1.json", "source-1.2.json", "source-1.3.json",
        "source-1.4.json", "source-1.5.json", "source-1.6.json", "source-newer.json"}) {
    EXPECT_EQ(to_json(read_run(published(name))), text_of(newest)) << name;
  }
  const std::string sink = fmt::format("sink-{}.{}.json", kSchemaMajor, kSchemaMinor);
  EXPECT_EQ(to_json(read_run(published(sink))), text_of(sink));
}

}  // namespace
}  // namespace millrace::report
