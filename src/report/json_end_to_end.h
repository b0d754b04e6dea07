// The fields of what became of messages behind the server: of a run, and of a probe.
#pragma once

#include <array>
#include <string_view>

#include "metrics/end_to_end.h"
#include "report/capacity.h"
#include "report/json_field.h"
#include "report/json_kinds.h"
#include "report/json_metrics.h"

namespace millrace::report {

// Of all that was asked for. Where so much is missing that there is none, the member is, too.
template <int kPercent>
constexpr auto percentile_of_all(std::string_view name) {
  constexpr double kShare = kPercent / 100.0;
  return where(
      [](const metrics::EndToEnd& behind) { return behind.percentile(kShare).has_value(); },
      figure<metrics::EndToEnd>(
          name, [](const auto& behind) -> Json { return *behind.percentile(kShare); }));
}

inline constexpr auto kEndToEndFields = std::to_array<Field<metrics::EndToEnd>>({
    field<Count, &metrics::EndToEnd::asked>("asked"),
    field<Count, &metrics::EndToEnd::accepted>("accepted"),
    field<Count, &metrics::EndToEnd::arrived>("arrived"),
    field<Count, &metrics::EndToEnd::bounced>("bounced"),
    figure<metrics::EndToEnd>("not_arrived",
                              [](const auto& behind) -> Json { return behind.not_arrived(); }),
    field<Count, &metrics::EndToEnd::backlog>("backlog"),
    percentile_of_all<50>("p50_us"),
    percentile_of_all<99>("p99_us"),
    percentile_of_all<100>("max_us"),
    field<Latencies, &metrics::EndToEnd::latency>("latency"),
});

template <auto kMember>
constexpr auto known(std::string_view name) {
  return where([](const ProbeArrivals& arrivals) { return (arrivals.*kMember).has_value(); },
               field<Optional<Count>, kMember>(name));
}

inline constexpr auto kProbeArrivalFields = std::to_array<Field<ProbeArrivals>>({
    known<&ProbeArrivals::p50>("p50_us"),
    known<&ProbeArrivals::p99>("p99_us"),
    known<&ProbeArrivals::most>("max_us"),
    field<Count, &ProbeArrivals::not_arrived>("not_arrived"),
    field<Count, &ProbeArrivals::backlog>("backlog"),
});

}  // namespace millrace::report
