#include "report/verify_summary.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "report/text.h"

namespace millrace::report {
namespace {

using metrics::VerifyCounts;

// What there is to tell of, in this order; `wrong`: nothing of the kind was to come.
struct VerifiedFigure {
  std::string_view name;
  std::uint64_t VerifyCounts::*number;
  bool wrong = false;
};
constexpr std::array<VerifiedFigure, 19> kVerifiedFigures = {{
    {"same", &VerifyCounts::same},
    {"headers added", &VerifyCounts::headers_added},
    {"refolded", &VerifyCounts::refolded},
    {"blanks changed", &VerifyCounts::blanks_changed},
    {"re-encoded", &VerifyCounts::re_encoded},
    {"footer added", &VerifyCounts::footer_added, true},
    {"headers changed", &VerifyCounts::headers_changed, true},
    {"truncated", &VerifyCounts::truncated, true},
    {"body changed", &VerifyCounts::body_changed, true},
    {"unstamped", &VerifyCounts::unstamped, true},
    {"malformed", &VerifyCounts::malformed, true},
    {"forged", &VerifyCounts::forged, true},
    {"bounced", &VerifyCounts::bounced, true},
    {"other reports", &VerifyCounts::reports},
    {"duplicated", &VerifyCounts::duplicated, true},
    {"not looked for", &VerifyCounts::not_counted},
    {"of other runs", &VerifyCounts::other_runs},
    {"not recorded", &VerifyCounts::unrecorded, true},
    {"recipients", &VerifyCounts::recipients},
}};

void write_span(Writer& out, std::string_view name, const metrics::Histogram& histogram) {
  if (histogram.empty()) return;
  const auto shown = [&](double share) {
    return latency(static_cast<double>(histogram.percentile(share)));
  };
  out.line("  {:<15} p50 {}, p90 {}, p99 {}, max {}", name, shown(0.5), shown(0.9), shown(0.99),
           latency(static_cast<double>(histogram.most())));
}

}  // namespace

void write_verified(Writer& out, const std::optional<metrics::VerifyMetrics>& verified) {
  if (!verified) return;
  const VerifyCounts& counts = verified->counts;
  out.heading("Verified");
  out.line("  {:<15} {:>11}{}", "seen", count(counts.seen),
           verified->checked ? "" : "  stamps unchecked, for want of a key");
  for (const VerifiedFigure& figure : kVerifiedFigures) {
    const std::uint64_t number = counts.*figure.number;
    if (number == 0) continue;
    const std::string text = fmt::format("  {:<15} {:>11}", figure.name, count(number));
    if (figure.wrong) {
      out.line("{}", out.style().red(text));
    } else {
      out.line("{}", text);
    }
  }
  write_span(out, "from due", verified->from_due);
  write_span(out, "from sent", verified->from_sent);
}

}  // namespace millrace::report
