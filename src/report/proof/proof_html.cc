#include "report/proof/proof_html.h"

#include <nlohmann/json.hpp>

#include "report/html_page.h"
#include "report/proof/fault_words.h"
#include "report/proof/proof_json.h"
#include "web/assets.h"

namespace millrace::report {

std::string to_html(const ProofReport& report) {
  return write_page({.title = "smtp-report reconcile, " + utc_time(report.result.start),
                     .script = web::assets::proof_js},
                    page_data(nlohmann::ordered_json::parse(to_json(report))));
}

}  // namespace millrace::report
