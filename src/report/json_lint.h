// The fields of what a sink found wrong with its clients.
#pragma once

#include <array>

#include "metrics/measurement.h"
#include "report/json_field.h"
#include "report/json_kinds.h"

namespace millrace::report {

inline constexpr auto kLintFindingFields = std::to_array<Field<metrics::LintFinding>>({
    field<Text, &metrics::LintFinding::name>("name"),
    field<Text, &metrics::LintFinding::what>("what"),
    field<Text, &metrics::LintFinding::rfc>("rfc"),
    field<Count, &metrics::LintFinding::times>("count"),
    field<Count, &metrics::LintFinding::sessions>("sessions"),
    field<Text, &metrics::LintFinding::sample>("sample"),
    field<Text, &metrics::LintFinding::client>("client"),
});

inline constexpr auto kLintCountFields = std::to_array<Field<metrics::LintCount>>({
    field<Text, &metrics::LintCount::name>("name"),
    field<Count, &metrics::LintCount::times>("count"),
});

inline constexpr auto kLintClientFields = std::to_array<Field<metrics::LintClient>>({
    field<Text, &metrics::LintClient::address>("address"),
    field<Text, &metrics::LintClient::hello>("hello"),
    field<Count, &metrics::LintClient::sessions>("sessions"),
    field<List<Object<kLintCountFields>>, &metrics::LintClient::findings>("findings"),
});

inline constexpr auto kLintFields = std::to_array<Field<metrics::LintMetrics>>({
    field<Flag, &metrics::LintMetrics::strict>("strict"),
    field<Count, &metrics::LintMetrics::sessions>("sessions"),
    field<Count, &metrics::LintMetrics::faulty>("faulty_sessions"),
    field<List<Object<kLintFindingFields>>, &metrics::LintMetrics::findings>("findings"),
    field<List<Object<kLintClientFields>>, &metrics::LintMetrics::clients>("clients"),
    field<Count, &metrics::LintMetrics::untold>("untold_sessions"),
});

}  // namespace millrace::report
