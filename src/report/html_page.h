#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace millrace::report {

// What a page shows and how: `script` (in web/) draws `data`.
struct Page {
  std::string title;
  std::string_view script;
};

// The data as a page has it: without encoded histograms, of which it has no use, and with all that
// others said printable, as a terminal is shown it.
nlohmann::ordered_json page_data(nlohmann::ordered_json json);

// A page that needs nothing else: the data, what draws it (web/drawing.js and the script) and
// dygraphs are all in it.
std::string write_page(const Page& page, const nlohmann::ordered_json& data);

}  // namespace millrace::report
