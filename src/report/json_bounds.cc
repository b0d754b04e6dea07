#include "report/json_bounds.h"

#include <fmt/format.h>

#include <array>

#include "base/diagnostics.h"

namespace millrace::report {
namespace {

// An array of the outermost object that holds nothing but objects, and has a bound of its own.
struct Records {
  std::string_view name;
  std::size_t most;
  const char* what;     // there may be so many of
  const char* foreign;  // what is said of all else in it
};

constexpr auto kRecords = std::to_array<Records>({
    {"series", kReadLimits.rows, "rows in its series", "its series holds what is no row"},
    {"stages", kReadLimits.stages, "stages", "its stages hold what is no stage"},
    {"rules", kReadLimits.rules, "rules", "its rules hold what is no rule"},
});

void keep_within(std::size_t number, std::size_t limit, const char* what) {
  if (number > limit) throw Fatal(fmt::format("more than {} {}", limit, what));
}

}  // namespace

void JsonBounds::check(Json::parse_event_t event, const Json& parsed) {
  using Event = Json::parse_event_t;
  switch (event) {
    case Event::object_start:
    case Event::array_start:
      return begin(event == Event::array_start ? Shape::array : Shape::object);
    case Event::object_end:
    case Event::array_end:
      return end();
    case Event::key:
      if (open_.size() == 1) member_ = parsed.get_ref<const std::string&>();
      keep_within(++open_.back().members, kReadLimits.keys, "keys in an object");
      break;
    case Event::value:
      count(Shape::scalar);
      break;
  }
  if (parsed.is_string()) keep(parsed.get_ref<const std::string&>().size());
}

void JsonBounds::keep(std::size_t bytes) {
  text_ += bytes;
  keep_within(text_, kReadLimits.text, "bytes of text");
}

void JsonBounds::begin(Shape shape) {
  count(shape);
  open_.push_back(
      {.array = shape == Shape::array, .values_before = values_ - 1, .text_before = text_});
  keep_within(open_.size(), kReadLimits.depth, "levels of objects and arrays");
}

void JsonBounds::end() {
  const Open done = open_.back();
  open_.pop_back();
  if (!in_series()) return;
  // A row is taken out of the document once it has been read.
  values_ = done.values_before;
  text_ = done.text_before;
}

// A value, which may be one more of an array. (The members of an object are its keys.)
void JsonBounds::count(Shape shape) {
  keep_within(++values_, kReadLimits.values, "values");
  if (open_.size() > 2 && open_[1].array && member_ == "series") {
    keep_within(values_ - open_[2].values_before, kReadLimits.row_values,
                "values in a row of its series");
  }
  if (!open_.empty() && open_.back().array) count_element(open_.back(), shape);
}

void JsonBounds::count_element(Open& array, Shape shape) {
  ++array.members;
  for (const Records& records : kRecords) {
    if (!within(records.name)) continue;
    if (shape != Shape::object) throw Fatal(records.foreign);
    return keep_within(array.members, records.most, records.what);
  }
  keep_within(array.members, kReadLimits.elements, "elements in an array");
  if (shape == Shape::scalar) return;
  keep_within(++array.structures, kReadLimits.structures, "objects and arrays in an array");
}

}  // namespace millrace::report
