// How what a run is measured by is written and read: histograms and counts.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>

#include "base/diagnostics.h"
#include "metrics/codec.h"
#include "metrics/histogram.h"
#include "report/json_bounds.h"
#include "report/json_field.h"
#include "report/json_values.h"

namespace millrace::report {

inline void read_histogram(const Json& encoded, metrics::Histogram& histogram) {
  if (!metrics::decode(encoded.get_ref<const std::string&>(), histogram)) {
    throw Fatal("a histogram is damaged");
  }
}

struct Percentile {
  const char* name;
  double share;
};

inline constexpr std::array<Percentile, 6> kPercentiles = {{{"p50_us", 0.5},
                                                            {"p90_us", 0.9},
                                                            {"p95_us", 0.95},
                                                            {"p99_us", 0.99},
                                                            {"p99_9_us", 0.999},
                                                            {"p99_99_us", 0.9999}}};

// A histogram that stays in memory: figures of it, and all of it.
struct Latencies {
  static Json written(const metrics::Histogram& histogram) {
    Json json{{"count", histogram.count()},
              {"mean_us", std::round(histogram.mean() * 10) / 10},
              {"min_us", histogram.least()}};
    for (const Percentile& row : kPercentiles) json[row.name] = histogram.percentile(row.share);
    json["max_us"] = histogram.most();
    json["hdr"] = metrics::encode(histogram);
    return json;
  }
  // A few bytes of a file may make many pages.
  static void read(const Json& json, metrics::Histogram& histogram, Reading& reading) {
    read_histogram(*member(json, "hdr", true), histogram);
    reading.histogram_pages += histogram.pages();
    if (reading.histogram_pages <= kReadLimits.histogram_pages) return;
    throw Fatal(fmt::format("its histograms take more than {} pages of memory",
                            kReadLimits.histogram_pages));
  }
};

// Counts by the table of their names, which is a table of fields itself.
template <const auto& kNames>
struct Counted {
  template <typename Counts>
  static Json written(const Counts& counts) {
    Json json;
    for (const auto& row : kNames) json[std::string(row.name)] = counts.*row.counter;
    return json;
  }
  template <typename Counts>
  static void read(const Json& json, Counts& counts, Reading& reading) {
    for (const auto& row : kNames) {
      const Json* const count = member(json, row.name, row.since <= reading.minor);
      if (count != nullptr) counts.*row.counter = to_count(*count);
    }
  }
};

}  // namespace millrace::report
