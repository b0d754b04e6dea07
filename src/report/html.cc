#include "report/html.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/printable.h"
#include "report/html_page.h"
#include "report/json.h"
#include "report/summary.h"
#include "web/assets.h"

namespace millrace::report {
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

}  // namespace

std::string to_html(const Run& run) {
  Json json = page_data(Json::parse(to_json(run)));
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
  return write_page({.title = "smtp-" + kind + ", " + json["start"].get<std::string>(),
                     .script = web::assets::page_js},
                    json);
}

}  // namespace millrace::report
