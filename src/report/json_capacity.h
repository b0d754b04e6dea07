// The fields of a search for a capacity (capacity.h).
#pragma once

#include <array>

#include "report/capacity.h"
#include "report/json_end_to_end.h"
#include "report/json_field.h"
#include "report/json_kinds.h"

namespace millrace::report {

inline constexpr std::uint64_t kHighestLevel = 1'000'000'000;

inline constexpr auto kVerdictFields = std::to_array<Field<Verdict>>({
    field<Text, &Verdict::threshold>("threshold"),
    field<Text, &Verdict::value>("value"),
    field<Flag, &Verdict::passed>("passed"),
});

inline constexpr auto kProbeFields = std::to_array<Field<CapacityProbe>>({
    field<Real<kHighestLevel>, &CapacityProbe::level>("level"),
    field<Flag, &CapacityProbe::confirms>("confirms"),
    field<Word<kProbeOutcomeNames>, &CapacityProbe::outcome>("outcome"),
    field<Seconds, &CapacityProbe::length>("measured_s"),
    field<Thousandths<kHighestLevel>, &CapacityProbe::rate>("messages_per_s"),
    field<Real<1>, &CapacityProbe::failed_share>("failed_share"),
    field<Count, &CapacityProbe::p50>("p50_us"),
    field<Count, &CapacityProbe::p99>("p99_us"),
    field<Count, &CapacityProbe::most>("max_us"),
    where([](const CapacityProbe& probe) { return probe.arrivals.has_value(); },
          field<Optional<Object<kProbeArrivalFields>>, &CapacityProbe::arrivals>("end_to_end", 6)),
    field<List<Object<kVerdictFields>>, &CapacityProbe::verdicts>("thresholds"),
    where([](const CapacityProbe& probe) { return probe.has_reason(); },
          field<Text, &CapacityProbe::reason>("reason")),
});

// The level is named after what it is of.
inline constexpr auto kCapacityFields = std::to_array<Field<Capacity>>({
    field<Word<kCapacityOfNames>, &Capacity::of>("of"),
    field<List<Text>, &Capacity::objective>("objective"),
    where([](const Capacity& capacity) { return capacity.of == Capacity::Of::rate; },
          field<Real<kHighestLevel>, &Capacity::level>("rate")),
    where([](const Capacity& capacity) { return capacity.of == Capacity::Of::sessions; },
          field<Real<kHighestLevel>, &Capacity::level>("sessions")),
    field<Flag, &Capacity::confirmed>("confirmed"),
    field<Word<kCapacityLimitNames>, &Capacity::limited_by>("limited_by"),
    field<Real<kHighestLevel>, &Capacity::limited_at>("limited_at"),
    field<Real<kHighestLevel>, &Capacity::low>("range_low"),
    field<Real<kHighestLevel>, &Capacity::high>("range_high"),
    field<Real<1>, &Capacity::resolution>("resolution"),
    field<Seconds, &Capacity::confirm>("confirm_s"),
    field<List<Object<kProbeFields>>, &Capacity::probes>("probes"),
});

}  // namespace millrace::report
