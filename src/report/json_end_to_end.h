// The fields of what became of messages behind the server: of a run, and of a probe.
#pragma once

#include <array>

#include "metrics/end_to_end.h"
#include "report/capacity.h"
#include "report/json_field.h"
#include "report/json_kinds.h"
#include "report/json_metrics.h"

namespace millrace::report {

inline constexpr auto kEndToEndFields = std::to_array<Field<metrics::EndToEnd>>({
    field<Count, &metrics::EndToEnd::accepted>("accepted"),
    field<Count, &metrics::EndToEnd::arrived>("arrived"),
    field<Count, &metrics::EndToEnd::bounced>("bounced"),
    figure<metrics::EndToEnd>("not_arrived",
                              [](const auto& behind) -> Json { return behind.not_arrived(); }),
    field<Count, &metrics::EndToEnd::backlog>("backlog"),
    field<Latencies, &metrics::EndToEnd::latency>("latency"),
});

inline constexpr auto kProbeArrivalFields = std::to_array<Field<CapacityProbe::Arrivals>>({
    field<Count, &CapacityProbe::Arrivals::p50>("p50_us"),
    field<Count, &CapacityProbe::Arrivals::p99>("p99_us"),
    field<Count, &CapacityProbe::Arrivals::most>("max_us"),
    field<Count, &CapacityProbe::Arrivals::not_arrived>("not_arrived"),
    field<Count, &CapacityProbe::Arrivals::backlog>("backlog"),
});

}  // namespace millrace::report
