// Files that claim to be runs: read, shown, drawn, merged and compared, or refused in one line.
#include <string>

#include "base/diagnostics.h"
#include "pieces.h"
#include "report/compare.h"
#include "report/html.h"
#include "report/json.h"
#include "report/merge.h"
#include "report/summary.h"
#include "report/tables.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const report::Run run = report::from_json(text, "run.json");
    fuzz::require(!report::summary(run, {}).empty());
    fuzz::require(!report::to_csv(run).empty());
    fuzz::require(!report::to_histogram_log(run).empty());
    fuzz::require(!report::to_html(run).empty());
    const report::Run both = report::merge({run, run}, {"a", "b"});
    fuzz::require(!report::to_json(both).empty());
    if (run.kind == report::Run::Kind::source) {
      fuzz::require(!report::describe(report::compare({run}, {both}), {}).empty());
    }
  } catch (const Fatal& error) {
    fuzz::require(std::string_view(error.what()).find('\n') == std::string_view::npos);
  }
  return 0;
}
