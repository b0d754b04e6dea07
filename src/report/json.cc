#include "report/json.h"

#include <nlohmann/json.hpp>

#include "report/json_fields.h"

namespace millrace::report {
namespace {

// In ASCII: so it is harmless on a terminal as well.
std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', true, Json::error_handler_t::replace);
}

// How dump() begins the series: nothing within a string looks like this, and nothing else is
// indented so.
constexpr std::string_view kSeries = "\n \"series\": [";

// A row a line. A day has 86,400 of them, which as one document would take some hundred megabytes.
void write_series(const std::vector<metrics::Row>& rows, std::string& text) {
  constexpr std::size_t kUsualRow = 640;  // bytes besides the histogram
  std::size_t size = text.size();
  for (const metrics::Row& row : rows) size += kUsualRow + row.encoded.size();
  text.reserve(size);
  for (const metrics::Row& row : rows) {
    text.append(&row == rows.data() ? "\n  " : ",\n  ").append(dump(written(row), -1));
  }
  if (!rows.empty()) text += "\n ";
}

}  // namespace

std::string to_json(const Run& run) {
  std::string text = dump(written(run), 1) + "\n";
  const std::size_t series = text.find(kSeries) + kSeries.size();
  const std::string behind = text.substr(series);
  text.resize(series);
  write_series(run.measurement.series, text);
  return text.append(behind);
}

}  // namespace millrace::report
