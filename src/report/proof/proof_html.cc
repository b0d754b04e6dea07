#include "report/proof/proof_html.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "report/html_page.h"
#include "report/proof/fault_words.h"
#include "report/proof/proof_json.h"

namespace millrace::report {

// Built in from web/ by embed.cmake.
namespace assets {
extern const std::string_view proof_js;
}  // namespace assets

std::string to_html(const ProofReport& report) {
  return write_page({.title = "smtp-report reconcile, " + utc_time(report.result.start),
                     .script = assets::proof_js},
                    page_data(nlohmann::ordered_json::parse(to_json(report))));
}

}  // namespace millrace::report
