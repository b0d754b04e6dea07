#pragma once

#include <string>

#include "report/run.h"

namespace millrace::report {

// A run as one page that needs nothing else: the data, the script that draws it (web/page.js) and
// dygraphs are all in it.
std::string to_html(const Run& run);

}  // namespace millrace::report
