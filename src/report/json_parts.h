// The fields of a run that is sent in parts (parts.h), and of the start that they agree on.
#pragma once

#include <array>

#include "metrics/measurement.h"
#include "report/json_field.h"
#include "report/json_kinds.h"
#include "report/parts.h"

namespace millrace::report {

inline constexpr auto kStartFields = std::to_array<Field<metrics::AgreedStart>>({
    field<Flag, &metrics::AgreedStart::synchronised>("clock_synchronised"),
    field<Count, &metrics::AgreedStart::estimated_error>("clock_estimated_error_us"),
    field<Count, &metrics::AgreedStart::most_error>("clock_maximum_error_us"),
    field<Count, &metrics::AgreedStart::late>("late_us"),
});

inline constexpr auto kPartsFields = std::to_array<Field<Parts>>({
    field<Text, &Parts::run>("run"),
    field<Text, &Parts::load>("load"),
    field<Whole<kMostParts>, &Parts::of>("of"),
    field<List<Whole<kMostParts>>, &Parts::numbers>("numbers"),
    where([](const Parts& parts) { return parts.apart > Duration::zero(); },
          field<Seconds, &Parts::apart>("apart_s")),
});

}  // namespace millrace::report
