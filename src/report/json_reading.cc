#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/printable.h"
#include "report/file_input.h"
#include "report/json.h"
#include "report/json_bounds.h"
#include "report/json_field.h"
#include "report/json_fields.h"
#include "report/json_values.h"

namespace millrace::report {
namespace {

// What the library says, without its own number for it: "[json.exception.parse_error.101] ...".
std::string reason(const std::exception& error) {
  constexpr std::size_t kMost = 300;  // it quotes all of a word that it does not know
  std::string_view text = error.what();
  if (text.starts_with("[json."))
    text.remove_prefix(std::min(text.find("] "), text.size() - 2) + 2);
  return beginning(text, kMost);
}

// The minor version of a schema that is read here: "millrace-run/1", which is 1.0, or
// "millrace-run/1.N".
std::uint64_t minor_version(const Json& schema) {
  const std::string ours = fmt::format("{}/{}", kSchemaName, kSchemaMajor);
  if (schema == ours) return 0;
  if (schema.is_string()) {
    const std::string_view text = schema.get_ref<const std::string&>();
    if (text.starts_with(ours + ".")) {
      if (const auto minor = whole_number(text.substr(ours.size() + 1))) return *minor;
    }
  }
  throw Fatal(
      fmt::format("its schema is {}, expected {}, of any minor version", shown(schema), ours));
}

// Makes something of what was parsed.
template <typename Action>
void understand(Action action) {
  try {
    action();
  } catch (const std::exception& error) {
    throw Fatal("not a run as this version writes it: " + reason(error));
  }
}

// Takes the rows out of the document while it is parsed, so that it is never there as a whole, and
// looks after the bounds.
class Reader {
 public:
  // What the parser calls: whether it is to keep what it has read.
  bool operator()(Json::parse_event_t event, Json& parsed) {
    bounds_.check(event, parsed);
    if (event == Json::parse_event_t::value && bounds_.member() == "schema") take_schema(parsed);
    if (event != Json::parse_event_t::object_end || !bounds_.in_series()) return true;
    if (!schema_known_)
      throw Fatal("not a run of Millrace: it has no \"schema\" ahead of its series");
    take_row(parsed);
    return false;
  }

  Run run(const Json& json) {
    if (!schema_known_) throw Fatal("not a run of Millrace: it has no \"schema\"");
    Run run;
    understand([&] { read(json, run, reading_); });
    run.measurement.series = std::move(rows_);
    return run;
  }

 private:
  void take_schema(const Json& schema) {
    if (schema_known_) return;
    reading_.minor = minor_version(schema);
    schema_known_ = true;
  }

  void take_row(const Json& json) {
    understand([&] { read(json, rows_.emplace_back(), reading_); });
    bounds_.keep(rows_.back().stage.size());
    if (rows_.size() > 1 && rows_[rows_.size() - 2].number >= rows_.back().number) {
      throw Fatal(fmt::format("its series goes back to second {}", rows_.back().number));
    }
  }

  JsonBounds bounds_;
  Reading reading_;
  std::vector<metrics::Row> rows_;
  bool schema_known_ = false;
};

// `parse`: parses the text with the callback that it is given.
template <typename Parse>
Run parsed(const std::string& name, Parse parse) {
  Reader reader;
  try {
    const Json json = parse([&reader](int /*depth*/, Json::parse_event_t event, Json& parsed) {
      return reader(event, parsed);
    });
    return reader.run(json);
  } catch (const Json::exception& error) {
    throw Fatal(fmt::format("{}: not JSON, or cut short: {}", name, reason(error)));
  } catch (const std::exception& error) {
    throw Fatal(fmt::format("{}: {}", name, error.what()));
  }
}

}  // namespace

Run from_json(std::string_view text, const std::string& name) {
  return parsed(name,
                [&](const Json::parser_callback_t& check) { return Json::parse(text, check); });
}

Run read_run(const std::string& path) {
  FileInput file(path);
  return parsed(path, [&](const Json::parser_callback_t& check) {
    std::istream stream(&file);
    return Json::parse(stream, [&](int depth, Json::parse_event_t event, Json& parsed) {
      file.mark();
      return check(depth, event, parsed);
    });
  });
}

}  // namespace millrace::report
