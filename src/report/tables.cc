#include "report/tables.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <iterator>

#include "report/csv_field.h"

namespace millrace::report {

std::string to_csv(const Run& run) {
  std::string text = "second,length_s,stage";
  for (const metrics::CounterName& row : metrics::kCounterNames) text.append(",").append(row.name);
  text += ",asked,sessions_open,in_flight";
  for (const std::string_view name : metrics::kErrorNames) text.append(",errors_").append(name);
  text += ",p50_us,p90_us,p99_us,p99_9_us,max_us\r\n";
  const auto out = std::back_inserter(text);
  for (const metrics::Row& row : run.measurement.series) {
    fmt::format_to(out, "{},{:.6g},{}", row.number, row.length, csv_field(row.stage));
    for (const metrics::CounterName& counter : metrics::kCounterNames) {
      fmt::format_to(out, ",{}", row.counters.*counter.counter);
    }
    fmt::format_to(out, ",{:.6g},{},{}", row.asked, row.sessions_open, row.in_flight);
    for (const std::uint64_t times : row.errors) fmt::format_to(out, ",{}", times);
    fmt::format_to(out, ",{},{},{},{},{}\r\n", row.p50, row.p90, row.p99, row.p99_9, row.most);
  }
  return text;
}

std::string to_histogram_log(const Run& run) {
  const double start =
      std::chrono::duration<double>(run.measurement.start.time_since_epoch()).count();
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "#[Logged by {}; latencies in microseconds]\n", run.program);
  fmt::format_to(out, "#[Histogram log format version 1.3]\n");
  fmt::format_to(
      out, "#[StartTime: {:.3f} (seconds since epoch), {:%a %b %d %H:%M:%S} UTC {:%Y}]\n", start,
      fmt::gmtime(static_cast<std::time_t>(start)), fmt::gmtime(static_cast<std::time_t>(start)));
  text +=
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
  for (const metrics::Row& row : run.measurement.series) {
    fmt::format_to(out, "{:.3f},{:.3f},{:.3f},{}\n", static_cast<double>(row.number), row.length,
                   static_cast<double>(row.most) / 1e3, row.encoded);
  }
  return text;
}

}  // namespace millrace::report
