#include "sink/control/api.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::sink {
namespace {

using nlohmann::json;

const char* const kRule =
    R"({"rules": [{"name": "no", "match": {"command": "RCPT"}, "act": {"reply": "550 No"}}]})";

SinkOptions with_http() {
  SinkOptions options;
  options.http.emplace();
  return options;
}

// An API of a sink that is not there.
struct ApiOfNothing : testing::Test {
  http::Response ask(const std::string& method, const std::string& path,
                     const std::string& body = "") {
    return api.answer(
        {.method = method, .path = path, .media_type = "application/json", .body = body});
  }

  std::string rules() {
    std::string names;
    book.read([&names](const rules::RulesRead& named) {
      for (const rules::Rule& rule : named.rules) names += rule.name;
    });
    return names;
  }

  void remember(const std::string& id, std::size_t size) {
    memory.add({std::make_shared<RememberedMessage>(
        RememberedMessage{.id = id, .size = size, .content = std::string(size, 'x')})});
  }

  http::Server server{net::parse_local("127.0.0.1:0"), {}};
  LiveCounts live{
      [] {}, {.asking = std::chrono::milliseconds(1), .changing = std::chrono::milliseconds(1)}};
  RuleBook book{with_http()};
  LintTotals lint{LintMode::count};
  MessageMemory memory{100};
  Api api{{.server = server, .live = live, .rules = book, .lint = &lint, .messages = &memory}};
};

TEST_F(ApiOfNothing, AChangeIsNotAnsweredAsDoneWhileAThreadGoesByTheOldRules) {
  EXPECT_EQ(ask("PUT", "/api/v1/rules", kRule).status, 200);
  live.enter();  // a worker, which never answers
  EXPECT_EQ(ask("PATCH", "/api/v1/rules/no", R"({"name": "other"})").status, 503);
  EXPECT_EQ(rules(), "other");
  EXPECT_EQ(ask("DELETE", "/api/v1/rules/other").status, 503);
  EXPECT_EQ(rules(), "");
  const http::Response put = ask("PUT", "/api/v1/rules", kRule);
  EXPECT_EQ(put.status, 503);
  EXPECT_NE(put.body.find("the rules are changed, but a thread of the sink is held up"),
            std::string::npos)
      << put.body;
  EXPECT_EQ(rules(), "no");
  EXPECT_EQ(ask("POST", "/api/v1/reset").status, 503);
  EXPECT_EQ(rules(), "");
  EXPECT_EQ(ask("GET", "/api/v1/rules").status, 200);
}

TEST_F(ApiOfNothing, WhatChangesNothingIsRefusedAsEver) {
  live.enter();
  EXPECT_EQ(ask("DELETE", "/api/v1/rules/other").status, 404);
  EXPECT_EQ(ask("PATCH", "/api/v1/rules/other", "{}").status, 404);
  EXPECT_EQ(ask("PUT", "/api/v1/rules", "{}").status, 400);
}

TEST_F(ApiOfNothing, AContentIsReadWithoutACopy) {
  remember("1", 1000);
  const http::Response response = ask("GET", "/api/v1/messages/1/raw");
  ASSERT_NE(response.shared_body, nullptr);
  EXPECT_EQ(response.shared_body->data(), memory.find("1")->content->data());
  EXPECT_EQ(response.body, "");
  memory.forget(memory.all());
  EXPECT_EQ(*response.shared_body, std::string(1000, 'x'));
}

TEST_F(ApiOfNothing, ContentsThatAreBeingReadHaveALimit) {
  remember("1", MessageMemory::kLargestContent);
  std::vector<http::Response> reading;
  constexpr auto kMost = MessageMemory::kMostBytes / MessageMemory::kLargestContent;
  for (std::size_t i = 0; i < kMost; ++i) reading.push_back(ask("GET", "/api/v1/messages/1/raw"));
  EXPECT_EQ(reading.back().status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/messages/1/raw").status, 503);
  reading.pop_back();
  EXPECT_EQ(ask("GET", "/api/v1/messages/1/raw").status, 200);
  remember("2", 1);
  EXPECT_EQ(ask("GET", "/api/v1/messages/2/raw").status, 200);
}

// As hostile clients have it: each character is six bytes in JSON.
TEST_F(ApiOfNothing, WhatIsToldOfMessagesHasALimit) {
  for (std::size_t i = 0; i < 50; ++i) {
    memory.add({std::make_shared<RememberedMessage>(
        RememberedMessage{.id = std::to_string(i),
                          .sender = std::string(4000, '\x01'),
                          .recipients = {500, std::string(2000, '\x01')}})});
  }
  const std::string events = ask("GET", "/api/v1/events").next().value();
  const std::string event = events.substr(events.find("event: messages\ndata: ") + 22);
  EXPECT_LT(event.size(), 1100U << 10);
  const json told = json::parse(event);
  EXPECT_EQ(told["found"], 50);
  EXPECT_GT(told["messages"].size(), 10U);
  EXPECT_EQ(told["messages"].back()["id"], "49");
  EXPECT_EQ(told["messages"].back()["recipients"].size(), 3U);
  EXPECT_EQ(told["messages"].back()["recipient_count"], 500);

  const std::string list = ask("GET", "/api/v1/messages").body;
  EXPECT_LT(list.size(), 8200U << 10);
  EXPECT_EQ(json::parse(list)["found"], 50);
  EXPECT_EQ(json::parse(list)["messages"].back()["recipients"].size(), 500U);
}

TEST_F(ApiOfNothing, WhatWasFoundBeforeAResetIsToldToPrometheusAlone) {
  SessionFindings findings;
  findings.add(Finding::bare_lf, "NOOP");
  lint.add("192.0.2.1", "a.example", findings);
  ASSERT_EQ(ask("POST", "/api/v1/reset").status, 204);
  findings.add(Finding::no_quit);
  lint.add("192.0.2.2", "", findings);
  lint.add("192.0.2.3", "", {});
  const json told = json::parse(ask("GET", "/api/v1/lint").body);
  EXPECT_EQ(told["sessions"], 2);
  EXPECT_EQ(told["faulty_sessions"], 1);
  ASSERT_EQ(told["findings"].size(), 2U);
  EXPECT_EQ(told["findings"][0], (json{{"name", "bare-lf"},
                                       {"what", "an LF without CR"},
                                       {"rfc", "RFC 5321, 2.3.8"},
                                       {"count", 1},
                                       {"sessions", 1},
                                       {"sample", "NOOP"},
                                       {"client", "192.0.2.2"}}));
  ASSERT_EQ(told["clients"].size(), 1U);
  EXPECT_EQ(told["clients"][0]["address"], "192.0.2.2");
  EXPECT_EQ(json::parse(ask("GET", "/api/v1/stats").body)["lint"]["findings"],
            json::parse(R"([{"name": "bare-lf", "count": 1}, {"name": "no-quit", "count": 1}])"));
  EXPECT_NE(
      ask("GET", "/metrics").body.find("smtp_sink_lint_findings_total{finding=\"bare-lf\"} 2\n"),
      std::string::npos);
}

}  // namespace
}  // namespace millrace::sink
