#include "report/json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "metrics/codec.h"
#include "report/json_bounds.h"
#include "report/summary.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using metrics::Error;
using test::message_of;
using test::sample_run;
using test::sample_sink;

TEST(Json, ARunIsReadAsItWasWritten) {
  report::Run run = sample_run(3, 5);
  run.measurement.open_loop = true;
  run.measurement.ending = metrics::Ending::interrupted;
  run.measurement.total.count_error(Error::reset, "lost \"connection\" \x01\xff<script>");
  run.measurement.warmup.delivered = 12;
  run.measurement.generator.late_starts = 4;
  run.verdicts = {{.threshold = "p99<1ms", .value = "5 ms", .passed = false}};
  const std::string text = to_json(run);
  const report::Run again = from_json(text, "x");
  EXPECT_EQ(again.measurement.total.counters.delivered, 300U);
  EXPECT_EQ(again.measurement.total.intended.percentile(0.99),
            run.measurement.total.intended.percentile(0.99));
  EXPECT_EQ(again.measurement.start, run.measurement.start);
  // Written again it is the same, but for the byte that is no UTF-8.
  EXPECT_EQ(to_json(again), text);
  EXPECT_EQ(summary(from_json(to_json(again), "x"), {}), summary(again, {}));
}

TEST(Json, ASinkSaysInItsFileWhatItsSummarySays) {
  const report::Run run = sample_sink(2);
  const std::string said = summary(run, {});
  EXPECT_NE(said.find("\n  session       250 ms"), std::string::npos) << said;
  EXPECT_NE(said.find("\n  outage                                 0\n"), std::string::npos) << said;
  EXPECT_NE(said.find("\n  not allowed               3\n"), std::string::npos) << said;
  const report::Run again = from_json(to_json(run), "x");
  EXPECT_EQ(summary(again, {}), said);
  EXPECT_EQ(to_json(again), to_json(run));
}

TEST(Json, ASinkHasItsRulesInTheirOrderAndItsAnswers) {
  report::Run run = sample_sink(1);
  auto json = nlohmann::ordered_json::parse(to_json(run));
  EXPECT_EQ(json["rules"].dump(),
            R"([{"name":"greylisting","hits":12345},{"name":"outage","hits":0},)"
            R"({"name":"big-is-strict","hits":7}])");
  EXPECT_EQ(json["keys_forgotten"], 1'234);
  EXPECT_EQ(json["answers"].dump(),
            R"({"queued":1050,"sent":1000,"refused":20,"failed":15,"dropped":10,"unsent":5,)"
            R"("not_allowed":3})");
  run.measurement.rules.clear();
  run.measurement.answers.reset();
  json = nlohmann::ordered_json::parse(to_json(run));
  EXPECT_EQ(json["rules"].dump(), "[]");
  EXPECT_FALSE(json.contains("answers"));
  EXPECT_FALSE(from_json(to_json(run), "x").measurement.answers);
  json = nlohmann::ordered_json::parse(to_json(sample_run(1, 5)));
  for (const char* const name : {"rules", "keys_forgotten", "answers"}) {
    EXPECT_FALSE(json.contains(name)) << name;
  }
}

TEST(Json, ASourceHasWhatBecameOfItsLog) {
  report::Run run = sample_run(1, 5);
  EXPECT_FALSE(nlohmann::ordered_json::parse(to_json(run)).contains("log"));
  run.measurement.log = {.lines = 7, .dropped = 2};
  EXPECT_EQ(nlohmann::ordered_json::parse(to_json(run))["log"].dump(),
            R"({"lines":7,"dropped":2})");
  const auto log = from_json(to_json(run), "x").measurement.log;
  ASSERT_TRUE(log);
  EXPECT_EQ(log->lines, 7U);
  EXPECT_EQ(log->dropped, 2U);
}

TEST(Json, AnErrorThatOccurredOnceIsTold) {
  report::Run run;
  run.measurement.total.errors[1] = {.times = 1, .sample = "why"};
  const auto errors = nlohmann::json::parse(to_json(run))["errors"];
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors["reset"]["sample"], "why");
}

TEST(Json, ASourceHasWhereTheProofOfItsMessagesIs) {
  report::Run run = sample_run(1, 5);
  EXPECT_FALSE(nlohmann::ordered_json::parse(to_json(run)).contains("proof"));
  run.measurement.proof = {.run = "0f", .path = "a.proof", .records = 7, .lost = 2};
  EXPECT_EQ(nlohmann::ordered_json::parse(to_json(run))["proof"].dump(),
            R"({"run":"0f","journal":"a.proof","records":7,"lost":2})");
  const auto proof = from_json(to_json(run), "x").measurement.proof;
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->run, "0f");
  EXPECT_EQ(proof->path, "a.proof");
  EXPECT_EQ(proof->records, 7U);
  EXPECT_EQ(proof->lost, 2U);
}

TEST(Json, BadInputIsOneClearLine) {
  const std::string good = to_json(sample_run(2, 5));
  EXPECT_TRUE(message_of([&] {
                from_json("second,length", "a.json");
              }).starts_with("a.json: not JSON, or cut short: parse error at line 1, column 1: "));
  EXPECT_NE(message_of([&] { from_json("{}", "a.json"); }).find("it has no \"schema\""),
            std::string::npos);
  EXPECT_NE(
      message_of([&] {
        from_json(R"({"schema":"millrace-run/99"})", "a.json");
      }).find(R"(its schema is "millrace-run/99", expected millrace-run/1, of any minor version)"),
      std::string::npos);
  for (std::size_t cut = 0; cut + 2 < good.size(); cut += 37) {
    const std::string said = message_of([&] { from_json(good.substr(0, cut), "a.json"); });
    EXPECT_EQ(said.rfind("a.json: ", 0), 0U) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
}

TEST(Json, ForeignValuesAreRefused) {
  const std::string good = to_json(sample_run(1, 5));
  const auto with = [&](const std::string& old, const std::string& put) {
    std::string text = good;
    text.replace(text.find(old), old.size(), put);
    return message_of([&] { from_json(text, "a.json"); });
  };
  EXPECT_NE(with("\"kind\": \"source\"", "\"kind\": \"drain\"").find("unknown value: \"drain\""),
            std::string::npos);
  EXPECT_NE(with("\"elapsed_s\": 1.0", "\"elapsed_s\": -1").find("out of range"),
            std::string::npos);
  EXPECT_NE(with("\"hdr\": \"", "\"hdr\": \"x").find("a histogram is damaged"), std::string::npos);
}

// What is said of a good run in which the first `old` is something else.
std::string said_of(const std::string& good, const std::string& old, const std::string& put) {
  std::string text = good;
  const std::size_t place = text.find(old);
  if (place == std::string::npos) return "no " + old;
  text.replace(place, old.size(), put);
  return message_of([&] { from_json(text, "a.json"); });
}

TEST(Json, WhatShouldBeACountIsAWholeNumber) {
  const std::string good = to_json(sample_run(1, 5));
  const auto is = [](const std::string& said, const char* what) {
    EXPECT_EQ(said.rfind("a.json: not a run as this version writes it: ", 0), 0U) << said;
    EXPECT_NE(said.find(what), std::string::npos) << said;
  };
  for (const char* const field : {"\"messages\": 100", "\"late_starts\": 0", "\"cores\": 2",
                                  "\"code\": 250", "\"second\":0", "\"in_flight\":0"}) {
    const std::string old = field;
    const std::string name = old.substr(0, old.find(':') + 1);
    is(said_of(good, old, name + "2.21e+60"), "whole number, not 2.21e+60");
    is(said_of(good, old, name + "-1"), "whole number, not -1");
    is(said_of(good, old, name + "1.5"), "whole number, not 1.5");
    is(said_of(good, old, name + "18446744073709551615"), "whole number, not 18446744073709551615");
    is(said_of(good, old, name + "[[[]]]"), "whole number, not array");
    is(said_of(good, old, name + '"' + std::string(1'000, 'x') + '"'), "xxx...");
  }
  // A double, as other readers have it, holds no more.
  const char* const messages = "\"messages\": 100";
  EXPECT_EQ(said_of(good, messages, "\"messages\": 9007199254740992"), "nothing was thrown");
  is(said_of(good, messages, "\"messages\": 9007199254740993"), "not 9007199254740993");
  EXPECT_EQ(said_of(good, "\"code\": 250", "\"code\": 999"), "nothing was thrown");
  is(said_of(good, "\"code\": 250", "\"code\": 1000"), "1000 is out of range");
  is(said_of(good, "\"length_s\":1.0", "\"length_s\":1.5"), "1.5 is out of range");
  is(said_of(good, "\"asked\":100.0", "\"asked\":1e300"), "1e+300 is out of range");
  is(said_of(good, "\"asked\":100.0", "\"asked\":null"), "expected a number, not null");
  is(said_of(good, "\"start_epoch_s\": 1700000000.0", "\"start_epoch_s\": 1e18"), "out of range");
  is(said_of(good, "\"start_epoch_s\": 1700000000.0", "\"start_epoch_s\": 8.9e9"), "out of range");
  is(said_of(good, "\"busy_share\": [\n   0.5", "\"busy_share\": [\n   2"), "2 is out of range");
}

TEST(Json, RulesAndAnswersAreWhatTheyShouldBe) {
  const std::string good = to_json(sample_sink(1));
  for (const char* const field :
       {"\"hits\": 12345", "\"keys_forgotten\": 1234", "\"queued\": 1050", "\"unsent\": 5"}) {
    const std::string old = field;
    const std::string name = old.substr(0, old.find(':') + 1);
    EXPECT_EQ(said_of(good, old, name + "-1"),
              "a.json: not a run as this version writes it: expected a whole number, not -1");
    EXPECT_EQ(said_of(good, old, "\"x\": 1"), "a.json: not a run as this version writes it: key '" +
                                                  name.substr(1, name.size() - 3) + "' not found");
  }
  EXPECT_NE(said_of(good, "\"name\": \"outage\"", "\"name\": 1").find("actual type is number"),
            std::string::npos);
  EXPECT_EQ(said_of(good, "\"answers\": {", "\"answers\": null, \"x\": {"),
            "a.json: not a run as this version writes it: key 'queued' not found");
  EXPECT_EQ(said_of(good, "\"rules\": [", "\"rules\": {}, \"x\": ["),
            "a.json: not a run as this version writes it: expected a list, not object");
}

TEST(Json, ALongTextIsNotQuotedWhole) {
  const std::string good = to_json(sample_run(1, 5));
  const std::string text(100'000, 'x');
  const std::string quoted = '"' + text + '"';
  const auto short_of = [&](const char* old, const std::string& put, const char* what) {
    const std::string said = said_of(good, old, put);
    EXPECT_NE(said.find(what), std::string::npos) << said.substr(0, 500);
    EXPECT_LT(said.size(), 500U);
  };
  EXPECT_EQ(said_of(good, "\"kind\": \"source\"", "\"kind\": " + quoted),
            "a.json: not a run as this version writes it: an unknown value: \"" +
                std::string(39, 'x') + "...");
  short_of("\"millrace-run/1.6\"", quoted, "its schema is \"xxx");
  short_of("\"code\": 250", "\"code\": " + quoted, "expected a whole number, not \"xxx");
  short_of("\"kind\": \"source\"", quoted + quoted, "syntax error");
  // So much of what the library says.
  EXPECT_EQ(message_of([&] { from_json(std::string(1'000, '9'), "a.json"); }).size(),
            std::string("a.json: not JSON, or cut short: ...").size() + 300);
}

TEST(Json, ARowOfTheSeriesIsALine) {
  const std::string text = to_json(sample_run(3, 5));
  EXPECT_NE(text.find("\n \"series\": [\n  {\"second\":0,"), std::string::npos);
  EXPECT_NE(text.find("},\n  {\"second\":2,"), std::string::npos);
  report::Run none = sample_run(3, 5);
  none.measurement.series.clear();
  EXPECT_NE(to_json(none).find("\n \"series\": [],\n"), std::string::npos);
  // What is called so elsewhere is no series.
  none.settings = {{"x", "\n \"series\": []"}, {"series", "y"}};
  EXPECT_EQ(to_json(from_json(to_json(none), "x")), to_json(none));
}

TEST(Json, ASeriesGoesForward) {
  const std::string good = to_json(sample_run(3, 5));
  EXPECT_EQ(said_of(good, "\"second\":2", "\"second\":1"),
            "a.json: its series goes back to second 1");
  EXPECT_EQ(said_of(good, "\"second\":1", "\"second\":9"),
            "a.json: its series goes back to second 2");
  EXPECT_EQ(said_of(good, "\"second\":0", "\"second\":9"),
            "a.json: its series goes back to second 1");
}

// `text` so many times.
std::string times(std::size_t number, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < number; ++i) all += text;
  return all;
}

TEST(Json, WhatIsTooMuchIsToldBeforeItCosts) {
  const std::string good = to_json(sample_run(1, 5));
  std::string keys;
  for (int i = 0; i < 10'000; ++i) keys += fmt::format("\"k{}\":0,", i);
  const auto in_front = [&](const std::string& what) { return said_of(good, "{", "{" + what); };
  EXPECT_EQ(in_front(keys), "a.json: more than 256 keys in an object");
  EXPECT_EQ(in_front("\"x\":" + times(10'000, "[")),
            "a.json: more than 16 levels of objects and arrays");
  EXPECT_EQ(in_front("\"x\":" + times(10'000, "{\"x\":")),
            "a.json: more than 16 levels of objects and arrays");
  EXPECT_EQ(in_front("\"x\":[" + times(20'000, "0,") + "0],"),
            "a.json: more than 10000 elements in an array");
  EXPECT_EQ(in_front("\"stages\":[" + times(20'000, "{},") + "{}],"),
            "a.json: more than 1000 stages");
}

TEST(Json, NothingButRowsStagesAndRulesInTheirPlaces) {
  const std::string good = to_json(sample_run(1, 5));
  // Not read to its end: what is told first is not that it is cut short.
  const std::string sink = to_json(sample_sink(1));
  for (const char* const what : {"0,[", "[", "[[],", "\"x\",["}) {
    EXPECT_EQ(said_of(sink, "\"rules\": [", std::string("\"rules\": [") + what),
              "a.json: its rules hold what is no rule");
    EXPECT_EQ(said_of(good, "\"series\": [", std::string("\"series\": [") + what),
              "a.json: its series holds what is no row");
    EXPECT_EQ(said_of(good, "\"stages\": [", std::string("\"stages\": [") + what),
              "a.json: its stages hold what is no stage");
  }
}

// The parser looks at all of an array at the end of each object in it.
TEST(Json, AnArrayOfObjectsIsShort) {
  const std::string good = to_json(sample_run(1, 5));
  for (const char* const one : {"{},", "[],"}) {
    const auto in_front = [&](std::size_t number) {
      return said_of(good, "{", "{\"x\":[" + times(number, one) + "0],");
    };
    EXPECT_EQ(in_front(1'000), "nothing was thrown");
    EXPECT_EQ(in_front(1'001), "a.json: more than 1000 objects and arrays in an array");
  }
  const auto in_row = [&](std::size_t number) {
    return said_of(good, "{\"second\":", "{\"x\":[" + times(number, "{},") + "0],\"second\":");
  };
  EXPECT_EQ(in_row(100), "nothing was thrown");
  EXPECT_EQ(in_row(256), "a.json: more than 256 values in a row of its series");
}

// What is said of so many objects in an array under a name, each with so many values.
std::string said_of_many(const char* name, std::size_t number, std::size_t each,
                         const nlohmann::ordered_json& one) {
  using Event = nlohmann::ordered_json::parse_event_t;
  return message_of([&] {
    JsonBounds bounds;
    bounds.check(Event::object_start, {});
    bounds.check(Event::key, name);
    bounds.check(Event::array_start, {});
    for (std::size_t i = 0; i < number; ++i) {
      bounds.check(Event::object_start, {});
      bounds.check(Event::key, "k");
      bounds.check(Event::array_start, {});
      for (std::size_t j = 0; j < each; ++j) bounds.check(Event::value, one);
      bounds.check(Event::array_end, {});
      bounds.check(Event::object_end, {});
    }
  });
}

TEST(Json, OnlyTheRowsOfTheSeriesMayBeMany) {
  EXPECT_EQ(said_of_many("x", 900, 600, 1), "more than 500000 values");
  EXPECT_EQ(said_of_many("series", 9'000, 99, 1), "nothing was thrown");
  const std::string text(100'000, 'x');
  EXPECT_EQ(said_of_many("x", 6, 99, text), "nothing was thrown");
  EXPECT_EQ(said_of_many("x", 7, 99, text), "more than 67108864 bytes of text");
  EXPECT_EQ(said_of_many("series", 7, 99, text), "nothing was thrown");
  EXPECT_EQ(said_of_many("series", 604'801, 0, nullptr), "more than 604800 rows in its series");
}

TEST(Json, ThereMayBeSoManyRules) {
  report::Run run = sample_sink(1);
  run.measurement.rules.assign(kReadLimits.rules, {.name = "r", .hits = 1});
  EXPECT_EQ(from_json(to_json(run), "a.json").measurement.rules.size(), kReadLimits.rules);
  EXPECT_EQ(said_of_many("rules", kReadLimits.rules, 0, nullptr), "nothing was thrown");
  EXPECT_EQ(said_of_many("rules", kReadLimits.rules + 1, 0, nullptr), "more than 5000 rules");
}

TEST(Json, WhatStaysOfARowIsTextAsAnyOther) {
  JsonBounds bounds;
  bounds.keep(kReadLimits.text);
  EXPECT_EQ(message_of([&] { bounds.keep(1); }), "more than 67108864 bytes of text");
}

TEST(Json, AFewBytesDoNotMakeManyPagesOfHistograms) {
  report::Run run = sample_run(1, 5);
  metrics::Histogram everywhere;
  for (std::size_t slot = 0; slot < metrics::Histogram::kSlots; slot += 512) {
    everywhere.count_at(slot, 1);
  }
  EXPECT_EQ(everywhere.pages(), metrics::Histogram::kSlots / 512);
  EXPECT_LT(metrics::encode(everywhere).size(), 400U);
  for (metrics::Histogram& phase : run.measurement.stages.front().metrics.phases) {
    phase = everywhere;
  }
  const std::string good = to_json(run);
  EXPECT_EQ(message_of([&] { from_json(good, "a.json"); }), "nothing was thrown");
  const std::size_t begin = good.find("\"stages\": [") + 11;
  const std::string stage = good.substr(begin, good.find("\n ],", begin) - begin) + ",";
  EXPECT_EQ(
      said_of(good, "\"stages\": [", "\"stages\": [" + times(100, stage)),
      "a.json: not a run as this version writes it: its histograms take more than 32768 pages of "
      "memory");
}

TEST(Json, BoundsLetPassWhatReachesThem) {
  const std::string good = to_json(sample_run(1, 5));
  const auto in_front = [&](const std::string& what) {
    return said_of(good, "{", "{\"x\":" + what + ",");
  };
  const auto keys = [](int number) {
    std::string text;
    for (int i = 0; i < number; ++i) text += fmt::format("{}\"k{}\":0", i > 0 ? "," : "", i);
    return "{" + text + "}";
  };
  EXPECT_EQ(in_front(keys(256)), "nothing was thrown");
  EXPECT_EQ(in_front(keys(257)), "a.json: more than 256 keys in an object");
  EXPECT_EQ(in_front(times(15, "[") + times(15, "]")), "nothing was thrown");
  EXPECT_EQ(in_front(times(16, "[") + times(16, "]")),
            "a.json: more than 16 levels of objects and arrays");
  EXPECT_EQ(in_front("[" + times(9'999, "0,") + "0]"), "nothing was thrown");
  EXPECT_EQ(in_front("[" + times(10'000, "0,") + "0]"),
            "a.json: more than 10000 elements in an array");
}

// Of an array within a row as well; what is in one row is not counted for the next.
TEST(Json, ARowHasSoManyValues) {
  const std::string good = to_json(sample_run(2, 5));
  const auto in_row = [&](std::size_t number) {
    const std::string more = "{\"x\":[" + times(number - 1, "0,") + "0],\"second\":";
    std::string text = good;
    for (const char* const row : {"{\"second\":0", "{\"second\":1"}) {
      text.replace(text.find(row), 10, more);
    }
    return message_of([&] { from_json(text, "a.json"); });
  };
  const std::size_t begin = good.find("{\"second\":0");
  const std::string row = good.substr(begin, good.find('\n', begin) - begin);
  // The row, a value a key of it, and two objects in it without any; and the array itself.
  const auto used = static_cast<std::size_t>(std::count(row.begin(), row.end(), ':')) + 1;
  EXPECT_EQ(in_row(256 - used - 1), "nothing was thrown");
  EXPECT_EQ(in_row(256 - used), "a.json: more than 256 values in a row of its series");
}

// What is understood is not counted for the next value.
TEST(Json, AFileMayBeLongerThanAnyOfItsValues) {
  std::string text = to_json(sample_run(1, 5));
  std::string more;
  for (int key = 0; key < 80; ++key) {
    more += fmt::format("\"k{}\":{}0,", key, std::string(65'536, ' '));
  }
  text.insert(1, more);
  EXPECT_GT(text.size(), kReadLimits.piece);
  std::string path = std::filesystem::temp_directory_path() / "millrace.XXXXXX";
  close(mkstemp(path.data()));
  std::ofstream(path) << text;
  EXPECT_EQ(read_run(path).measurement.series.size(), 1U);
  std::filesystem::remove(path);
}

TEST(Json, MomentsAreToldToPeopleToo) {
  report::Run run = sample_run(2, 5);
  run.measurement.start += 500ms;
  run.measurement.elapsed = 1'250ms;
  const auto json = nlohmann::json::parse(to_json(run));
  EXPECT_EQ(json["start"], "2023-11-14T22:13:20.500Z");
  EXPECT_EQ(json["end"], "2023-11-14T22:13:21.750Z");
}

TEST(Json, AFileHasARowOfTheSeriesOrNone) {
  const std::string good = to_json(sample_run(1, 5));
  EXPECT_EQ(said_of(good, "\"series\": [", "\"series\": {\"x\": 1}, \"y\": ["),
            "a.json: not a run as this version writes it: its series holds what is no row");
  EXPECT_EQ(said_of(good, "\"thresholds\": []", "\"thresholds\": {}"),
            "a.json: not a run as this version writes it: expected a list, not object");
}

}  // namespace
}  // namespace millrace::report
