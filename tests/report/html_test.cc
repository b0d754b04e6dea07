#include "report/html.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "report/summary.h"
#include "sample_run.h"

namespace millrace::report {
namespace {

using namespace std::chrono_literals;
using test::sample_run;
using test::sample_sink;

// The data of the page, as its script reads it.
nlohmann::json data_of(const std::string& page) {
  const std::string begin = "<script id=\"run\" type=\"application/json\">";
  const std::size_t place = page.find(begin) + begin.size();
  return nlohmann::json::parse(page.substr(place, page.find("</script>", place) - place));
}

TEST(Html, HasTheCurveOfAllPercentiles) {
  report::Run run;
  metrics::Metrics& total = run.measurement.total;
  for (int value = 1; value <= 1'000; ++value) {
    total.intended.record(std::chrono::microseconds(value));
  }
  total.service.record(7us);
  const nlohmann::json curves = data_of(to_html(run))["curves"];
  // Forty points for each of three decades, and the highest.
  const nlohmann::json& intended = curves["intended"];
  ASSERT_EQ(intended.size(), 121U);
  EXPECT_EQ(intended[0], (nlohmann::json{1.0, 1}));
  EXPECT_NEAR(intended[12][0].get<double>(), 2, 0.01);
  EXPECT_EQ(intended[12][1], 499);
  EXPECT_EQ(intended[40], (nlohmann::json{10.0, 900}));
  EXPECT_EQ(intended[80], (nlohmann::json{100.0, 990}));
  EXPECT_EQ(intended.back(), (nlohmann::json{1'000.0, 1'000}));
  EXPECT_EQ(curves["service"], (nlohmann::json{{1.0, 7}}));
  total.service.clear();
  EXPECT_TRUE(data_of(to_html(run))["curves"]["service"].empty());
  run.kind = report::Run::Kind::sink;
  EXPECT_FALSE(data_of(to_html(run)).contains("curves"));
}

TEST(Html, HasTheRunButNoHistogramsInItsData) {
  report::Run run = sample_run(2, 5);
  run.settings = {{"</script><script>", "</script>\x07"}};
  const std::string page = to_html(run);
  EXPECT_TRUE(page.starts_with("<!doctype html>\n"));
  EXPECT_NE(page.find("<title>smtp-source, 2023-11-14T22:13:20.000Z</title>"), std::string::npos);
  EXPECT_NE(page.find("Contains dygraphs:"), std::string::npos);
  EXPECT_NE(page.find("content=\"default-src 'none';"), std::string::npos);
  EXPECT_TRUE(page.ends_with("</script>\n</body>\n</html>\n"));
  EXPECT_NE(page.find("</style>\n</head>\n<body>\n<main id=\"page\"></main>\n"), std::string::npos);
  EXPECT_NE(page.find("</script>\n<script>\n"), std::string::npos);
  EXPECT_NE(page.find(".dygraph-legend"), std::string::npos);
  EXPECT_EQ(page.find("\"hdr\""), std::string::npos);
  const nlohmann::json data = data_of(page);
  EXPECT_EQ(data["verdict"], verdict(run));
  EXPECT_EQ(data["series"].size(), 2U);
  EXPECT_EQ(data["series"][1]["messages"], 100);
  EXPECT_EQ(data["options"]["settings"]["</script><script>"], "</script>\\x07");
}

TEST(Html, HasTheRulesOfASinkAndItsAnswers) {
  report::Run run = sample_sink(1);
  run.measurement.rules.at(1).name = "</script>\x07";
  const nlohmann::json data = data_of(to_html(run));
  EXPECT_EQ(data.at("rules")[0], (nlohmann::json{{"name", "greylisting"}, {"hits", 12'345}}));
  EXPECT_EQ(data.at("rules")[1]["name"], "</script>\\x07");
  EXPECT_EQ(data.at("keys_forgotten"), 1'234);
  EXPECT_EQ(data.at("answers")["not_allowed"], 3);
}

}  // namespace
}  // namespace millrace::report
