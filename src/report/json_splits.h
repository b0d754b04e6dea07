// The fields of a run's splits (metrics/split.h).
#pragma once

#include <array>

#include "metrics/split.h"
#include "report/json_field.h"
#include "report/json_kinds.h"
#include "report/json_metrics.h"

namespace millrace::report {

using KindRow = metrics::SplitRow<metrics::MessageCounts>;
using DomainRow = metrics::SplitRow<metrics::RecipientCounts>;

// What is counted for a sender, and of those that have no row.
inline constexpr auto kMessageFields = std::to_array<Field<KindRow>>({
    field<Counted<metrics::kMessageCountNames>, &KindRow::counts,
          &metrics::MessageCounts::counters>(""),
    field<Latencies, &KindRow::latency>("latency"),
});
// For a kind.
inline constexpr auto kKindFields = std::to_array<Field<KindRow>>({
    part<Object<kMessageFields>, KindRow>(""),
    field<Count, &KindRow::counts, &metrics::MessageCounts::content_bytes>("content_bytes"),
});
// For a domain.
inline constexpr auto kDomainFields = std::to_array<Field<DomainRow>>({
    field<Counted<metrics::kRecipientCountNames>, &DomainRow::counts>(""),
    field<Latencies, &DomainRow::latency>("latency"),
});

// A row: its name, and what those have that have none.
template <typename Row, const auto& kFields>
inline constexpr auto kNamedFields = std::to_array<Field<Row>>({
    field<Text, &Row::name>("name"),
    part<Object<kFields>, Row>(""),
});

template <typename Split, typename Row, const auto& kFields>
inline constexpr auto kSplitFields = std::to_array<Field<Split>>({
    field<List<Object<kNamedFields<Row, kFields>>>, &Split::rows>("rows"),
    field<Object<kFields>, &Split::others>("others"),
    field<Count, &Split::untold>("untold"),
    field<Count, &Split::unsplit_runs>("unsplit_runs"),
});

inline constexpr auto kKindSplitFields = kSplitFields<metrics::MessageSplit, KindRow, kKindFields>;
inline constexpr auto kSenderSplitFields =
    kSplitFields<metrics::MessageSplit, KindRow, kMessageFields>;
inline constexpr auto kDomainSplitFields =
    kSplitFields<metrics::RecipientSplit, DomainRow, kDomainFields>;

}  // namespace millrace::report
