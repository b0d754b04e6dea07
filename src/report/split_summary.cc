#include "report/split_summary.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/columns.h"
#include "base/quantity.h"

namespace millrace::report {
namespace {

using metrics::Counters;
using metrics::MessageCounts;
using metrics::RecipientCounts;
using metrics::SplitRow;

constexpr std::size_t kRows = 5;
constexpr std::size_t kNameWidth = 22;

// Whether a run without the split has the figure all the same, as one of its totals.
enum class Known : std::uint8_t { by_totals, by_split };
constexpr const char* kNotKnown = "-";

// A column: what stands in it, to the right.
template <typename Counts>
struct SplitColumn {
  const char* title;
  int width;
  std::string (*text)(const SplitRow<Counts>& row);
  Known known = Known::by_totals;
};

template <typename Counts, int kPercent>
std::string percentile(const SplitRow<Counts>& row) {
  if (row.latency.empty()) return kNotKnown;
  return latency(static_cast<double>(row.latency.percentile(kPercent / 100.0)));
}

std::string delivered(const SplitRow<MessageCounts>& row) {
  return count(row.counts.counters.delivered);
}
std::string refused(const SplitRow<MessageCounts>& row) {
  return count(row.counts.counters.refused);
}
// Lost with their session, unfinished, given up after retries, or still waiting for one.
std::string not_done(const SplitRow<MessageCounts>& row) {
  const Counters& counters = row.counts.counters;
  return count(row.counts.all() - counters.delivered - counters.refused);
}
std::string content(const SplitRow<MessageCounts>& row) {
  return bytes(static_cast<double>(row.counts.content_bytes));
}

constexpr auto kKindColumns = std::to_array<SplitColumn<MessageCounts>>({
    {"delivered", 10, delivered},
    {"refused", 8, refused},
    {"not done", 8, not_done},
    {"bytes", 8, content, Known::by_split},
    {"p50", 8, percentile<MessageCounts, 50>},
    {"p99", 8, percentile<MessageCounts, 99>},
});
constexpr auto kSenderColumns = std::to_array<SplitColumn<MessageCounts>>({
    {"delivered", 10, delivered},
    {"refused", 8, refused},
    {"not done", 8, not_done},
    {"p50", 8, percentile<MessageCounts, 50>},
    {"p99", 8, percentile<MessageCounts, 99>},
    {"max", 8, percentile<MessageCounts, 100>},
});
constexpr auto kDomainColumns = std::to_array<SplitColumn<RecipientCounts>>({
    {"accepted", 10, [](const auto& row) { return count(row.counts.accepted); }},
    {"4xx", 8, [](const auto& row) { return count(row.counts.deferred); }, Known::by_split},
    {"5xx", 8, [](const auto& row) { return count(row.counts.refused); }, Known::by_split},
    {"lost", 8, [](const auto& row) { return count(row.counts.lost + row.counts.in_doubt); },
     Known::by_split},
    {"p50", 8, percentile<RecipientCounts, 50>, Known::by_split},
    {"p99", 8, percentile<RecipientCounts, 99>, Known::by_split},
});

// `by_totals`: whether some of it is known by the totals of a run alone.
template <typename Counts, typename Columns>
void write_row(Writer& out, std::string_view name, const SplitRow<Counts>& row,
               const Columns& columns, bool by_totals = false) {
  std::string text = "  " + fitted(name, kNameWidth);
  text.append(kNameWidth + 2 - columns_of(text), ' ');
  for (const auto& column : columns) {
    const bool known = !by_totals || column.known == Known::by_totals;
    text += fmt::format(" {:>{}}", known ? column.text(row) : kNotKnown, column.width);
  }
  out.line("{}", text);
}

struct Words {
  const char* title;
  const char* name;     // of what it is split by
  const char* counted;  // what is
};

template <typename Counts, typename Columns>
void write_split(Writer& out, const Words& words,
                 const std::optional<metrics::Split<Counts>>& split, const Columns& columns) {
  if (!split || !split->tells()) return;
  std::string title = fmt::format("{:<{}}", words.title, kNameWidth + 2);
  for (const auto& column : columns) title += fmt::format(" {:>{}}", column.title, column.width);
  out.heading(title);
  // One row more than there is room for takes no more of it than "others" would.
  SplitRow<Counts> others = split->others;
  const bool by_totals = split->unsplit_runs > 0;
  const bool all = split->rows.size() <= kRows + 1 && others.counts.all() == 0 && !by_totals;
  for (std::size_t place = 0; place < split->rows.size(); ++place) {
    const SplitRow<Counts>& row = split->rows[place];
    if (all || place < kRows) {
      write_row(out, row.name, row, columns);
    } else {
      others.add(row);
    }
  }
  if (!all) write_row(out, "all others", others, columns, by_totals);
  if (split->untold > 0) {
    out.line("  {} {} of the others may be of any {}: they were not told apart",
             count(split->untold), words.counted, words.name);
  }
  if (by_totals) {
    out.line("  {} run{} had no split by {}: what is \"-\" of the others is not known",
             count(split->unsplit_runs), plural(split->unsplit_runs), words.name);
  }
}

}  // namespace

void write_splits(Writer& out, const metrics::Measurement& measured) {
  write_split(out, {"Kinds", "kind", "messages"}, measured.kinds, kKindColumns);
  write_split(out, {"Domains, by attempt", "domain", "recipients"}, measured.domains,
              kDomainColumns);
  write_split(out, {"Senders", "sender", "messages"}, measured.senders, kSenderColumns);
}

}  // namespace millrace::report
