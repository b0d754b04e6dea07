#include "report/html.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/printable.h"
#include "report/json.h"
#include "report/summary.h"

namespace millrace::report {

// Built in from web/ by embed.cmake.
namespace assets {
extern const std::string_view dygraph_min_js;
extern const std::string_view dygraph_min_css;
extern const std::string_view copyright;  // of dygraphs, which goes with each copy
extern const std::string_view page_js;
extern const std::string_view page_css;
}  // namespace assets

namespace {

using Json = nlohmann::ordered_json;

constexpr int kPointsADecade = 40;

// The curve of latency over percentile, as pairs of 1 / (1 - share) and microseconds: that is 1
// for the least, 10 for 90%, 100 for 99%, and ends with the highest of all.
Json curve(const metrics::Histogram& histogram) {
  Json points = Json::array();
  const auto all = static_cast<double>(histogram.count());
  for (int point = 0; all > 0; ++point) {
    const double inverse = std::pow(10, static_cast<double>(point) / kPointsADecade);
    if (inverse >= all) {
      points.push_back({all, histogram.most()});
      break;
    }
    points.push_back({inverse, histogram.percentile(1 - 1 / inverse)});
  }
  return points;
}

// The page has no use for encoded histograms.
void drop_encoded(Json& json) {
  if (json.is_object()) json.erase("hdr");
  if (!json.is_structured()) return;
  for (Json& part : json) drop_encoded(part);
}

// The page shows what was said by others, as a terminal does.
void make_printable(Json& json) {
  if (json.is_string()) json = printable(json.get_ref<const std::string&>(), Charset::utf8);
  if (!json.is_structured()) return;
  for (Json& part : json) make_printable(part);
}

// JSON within a script element: nothing in it may end that.
std::string harmless(const std::string& json) {
  std::string text;
  for (const char byte : json) {
    if (byte == '<') {
      text += "\\u003c";
    } else {
      text += byte;
    }
  }
  return text;
}

}  // namespace

std::string to_html(const Run& run) {
  Json json = Json::parse(to_json(run));
  drop_encoded(json);
  make_printable(json);
  Json settings = Json::object();
  for (const auto& [name, value] : json["options"]["settings"].items()) {
    settings[printable(name, Charset::utf8)] = value;
  }
  json["options"]["settings"] = std::move(settings);
  json["verdict"] = verdict(run);
  if (run.kind == Run::Kind::source) {
    json["curves"] = {{"intended", curve(run.measurement.total.intended)},
                      {"service", curve(run.measurement.total.service)}};
  }
  const std::string kind(kKindNames[static_cast<std::size_t>(run.kind)]);
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page.append("<!-- Contains dygraphs:\n\n").append(assets::copyright).append("-->\n");
  // Whatever the data is, the browser is told to fetch nothing.
  page +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "script-src 'unsafe-inline'; style-src 'unsafe-inline'\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>smtp-";
  page.append(kind).append(", ").append(json["start"].get<std::string>());
  page.append("</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n");
  page.append(assets::dygraph_min_css).append("\n").append(assets::page_css);
  page += "</style>\n</head>\n<body>\n<main id=\"page\"></main>\n";
  page += "<script id=\"run\" type=\"application/json\">";
  page.append(harmless(json.dump())).append("</script>\n<script>");
  page.append(assets::dygraph_min_js).append("</script>\n<script>\n");
  page.append(assets::page_js).append("</script>\n</body>\n</html>\n");
  return page;
}

}  // namespace millrace::report
