#pragma once

#include <string>

#include "report/proof/proof_report.h"

namespace millrace::report {

// What became of every message as one page that needs nothing else (html_page.h, web/proof.js).
std::string to_html(const ProofReport& report);

}  // namespace millrace::report
