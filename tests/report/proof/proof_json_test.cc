#include "report/proof/proof_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "report/proof/proof_html.h"
#include "sample_proof.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr proof::Micros kSecond = 1s;

ProofReport small_proof() {
  ProofReport report{.program = "smtp-report test",
                     .command_line = {"smtp-report", "reconcile"},
                     .late_after = 1'500ms,
                     .clock_offset = -250ms};
  proof::Reconciliation& result = report.result;
  result.start = kSecond;
  result.messages = 500;
  result.sent = {{.path = "sent", .run = {.high = 7, .low = 1}, .records = 12}};
  result.taken = {{.path = "got",
                   .run = {.high = 7, .low = 2},
                   .records = 11,
                   .broke_off = true,
                   .left_out = 3,
                   .one_clock = false,
                   .unchecked = true,
                   .shortest = -42us},
                  {.path = "too", .run = {.high = 7, .low = 3}}};
  result.counts = test::counts_of_everything();
  result.latency.due.record(5ms);
  result.latency.due.record(7ms);
  result.latency.sent.record(2ms);
  result.by_kind = {{.name = "letter", .accepted = 900, .lost = 3, .faults = 8}};
  result.by_domain = {{.name = "a.test", .accepted = 100, .lost = 2, .faults = 4}};
  result.by_domain.front().latency.acknowledged.record(1ms);
  result.series = {{.accepted = 6, .arrived = 4, .backlog = 2, .faults = 1}, {.backlog = -2}};
  result.beyond_series = 17;
  result.faults = 99;
  result.latency_series = {{.second = 1, .count = 2, .p50 = 30, .p90 = 40, .p99 = 50, .most = 60}};
  result.latency_row_seconds = 4;
  report.first_faults = {
      test::late_twice(),
      {.verdict = proof::Verdict::doubt_unseen, .run = "07", .message = 5, .sent_text = "reset"},
      {.copies = 1, .comparison = proof::TakenVerdict::forged, .message = 5}};
  return report;
}

TEST(ProofJson, SaysAllThatIsKnown) {
  json found = json::parse(to_json(small_proof()));
  const json latency = found.at("latency");
  EXPECT_EQ(latency.at("end_to_end").at("count"), 2);
  EXPECT_EQ(latency.at("from_sent").at("count"), 1);
  EXPECT_EQ(latency.at("from_acknowledged").at("count"), 0);
  EXPECT_EQ(found.at("domains").at(0).at("latency").at("from_acknowledged").at("count"), 1);
  for (json* const place : {&found, &found["kinds"][0], &found["domains"][0]}) {
    place->erase("latency");
  }
  EXPECT_EQ(found.at("notes").at(0).at("warning"), true);
  EXPECT_EQ(found.at("notes").size(), 4U);
  found.erase("notes");
  EXPECT_TRUE(found.at("verdict").get<std::string>().starts_with("LOST: 20 of 1,000 "));
  found.erase("verdict");
  EXPECT_EQ(found, json::parse(R"({
    "schema": "millrace-proof/1.0",
    "program": "smtp-report test",
    "command_line": ["smtp-report", "reconcile"],
    "start": "1970-01-01T00:00:01.000000Z",
    "late_after_s": 1.5,
    "clock_offset_s": -0.25,
    "good": false,
    "unit": "delivery",
    "messages": 500,
    "counts": {
      "accepted": 1000, "delivered": 960, "in_order": 900,
      "lost": 20, "duplicated": 12, "altered": 13, "late": 11, "bounced": 15, "undecided": 5,
      "in_doubt": 5, "unexpected": 30, "refused": 7, "never_sent": 4,
      "surplus_copies": 14, "in_doubt_seen": 3, "in_doubt_unseen": 2,
      "unexpected_other_run": 9, "unexpected_unstamped": 8, "unexpected_forged": 10
    },
    "contents": {
      "same": 900, "headers-added": 5, "refolded": 4, "blanks-changed": 3, "re-encoded": 2,
      "footer-added": 6, "headers-changed": 1, "truncated": 0, "body-changed": 6
    },
    "kinds": [{"name": "letter", "accepted": 900, "lost": 3, "faults": 8}],
    "domains": [{"name": "a.test", "accepted": 100, "lost": 2, "faults": 4}],
    "journals": {
      "sent": [{
        "path": "sent", "run": "00000000000000070000000000000001", "records": 12,
        "broke_off": false, "bytes_left_out": 0, "one_clock": true
      }],
      "taken": [{
        "path": "got", "run": "00000000000000070000000000000002", "records": 11,
        "broke_off": true, "bytes_left_out": 3, "one_clock": false,
        "tags_checked": false, "shortest_way_us": -42
      }, {
        "path": "too", "run": "00000000000000070000000000000003", "records": 0,
        "broke_off": false, "bytes_left_out": 0, "one_clock": true,
        "tags_checked": true, "shortest_way_us": null
      }]
    },
    "faults": 99,
    "first_faults": [{
      "what": ["duplicated", "late"], "run": "07", "message": 42, "recipient": 1,
      "kind": "letter", "domain": "a.test", "queue_id": "Q", "code": 250,
      "due": "1970-01-01T00:00:01.000000Z", "sent": "1970-01-01T00:00:02.000000Z",
      "acknowledged": "1970-01-01T00:00:03.000000Z", "taken": "1970-01-01T00:00:04.000000Z",
      "content": "same", "copies": 2, "reason": null, "sink_text": "S", "journal": "got"
    }, {
      "what": ["in-doubt"], "run": "07", "message": 5, "recipient": null,
      "kind": "", "domain": "", "queue_id": null, "code": null,
      "due": null, "sent": null, "acknowledged": null, "taken": null,
      "content": null, "copies": 0, "reason": "reset", "sink_text": null, "journal": null
    }, {
      "what": ["unexpected"], "run": null, "message": null, "recipient": null,
      "kind": "", "domain": "", "queue_id": null, "code": null,
      "due": null, "sent": null, "acknowledged": null, "taken": null,
      "content": "forged", "copies": 1, "reason": null, "sink_text": null, "journal": null
    }],
    "latency_series": {
      "length_s": 4,
      "rows": [{"second": 1, "count": 2, "p50_us": 30, "p90_us": 40, "p99_us": 50, "max_us": 60}]
    },
    "events_beyond_series": 17,
    "series": [
      {"second": 0, "accepted": 6, "arrived": 4, "backlog": 2, "faults": 1},
      {"second": 1, "accepted": 0, "arrived": 0, "backlog": -2, "faults": 0}
    ]
  })"))
      << found.dump(1);
}

TEST(ProofJson, IsAsciiWithASecondALine) {
  ProofReport report = small_proof();
  report.result.sent.front().path = "\xc3\xa4\xff";
  const std::string text = to_json(report);
  EXPECT_TRUE(text.starts_with("{\n \"schema\": \"millrace-proof/1.0\",\n")) << text;
  EXPECT_NE(text.find("\"path\": \"\\u00e4\\ufffd\""), std::string::npos);
  EXPECT_TRUE(text.ends_with(
      ",\n \"series\": [\n"
      "  {\"second\": 0, \"accepted\": 6, \"arrived\": 4, \"backlog\": 2, \"faults\": 1},\n"
      "  {\"second\": 1, \"accepted\": 0, \"arrived\": 0, \"backlog\": -2, \"faults\": 0}\n"
      " ]\n}\n"))
      << text;
  report.result.series.clear();
  EXPECT_TRUE(to_json(report).ends_with(",\n \"series\": []\n}\n"));
}

TEST(ProofHtml, HasTheSameInItsPage) {
  const std::string page = to_html(small_proof());
  EXPECT_NE(page.find("<title>smtp-report reconcile, 1970-01-01T00:00:01.000000Z</title>"),
            std::string::npos);
  const std::string begin = "<script id=\"run\" type=\"application/json\">";
  const std::size_t place = page.find(begin) + begin.size();
  const json data = json::parse(page.substr(place, page.find("</script>", place) - place));
  EXPECT_EQ(data.at("first_faults").size(), 3U);
  EXPECT_EQ(page.find("\"hdr\""), std::string::npos);
}

}  // namespace
}  // namespace millrace::report
