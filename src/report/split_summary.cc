#include "report/split_summary.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/columns.h"

namespace millrace::report {
namespace {

using metrics::Counters;
using metrics::MessageCounts;
using metrics::RecipientCounts;
using metrics::SplitRow;

constexpr std::size_t kRows = 5;
constexpr std::size_t kNameWidth = 22;

// A column: what stands in it, to the right.
template <typename Counts>
struct SplitColumn {
  const char* title;
  int width;
  std::string (*text)(const SplitRow<Counts>& row);
};

template <typename Counts, int kPercent>
std::string percentile(const SplitRow<Counts>& row) {
  if (row.latency.empty()) return "-";
  return latency(static_cast<double>(row.latency.percentile(kPercent / 100.0)));
}

std::string delivered(const SplitRow<MessageCounts>& row) {
  return count(row.counts.counters.delivered);
}
std::string refused(const SplitRow<MessageCounts>& row) {
  return count(row.counts.counters.refused);
}
// Whatever else became of them.
std::string lost(const SplitRow<MessageCounts>& row) {
  const Counters& counters = row.counts.counters;
  return count(row.counts.all() - counters.delivered - counters.refused);
}
std::string content(const SplitRow<MessageCounts>& row) {
  return bytes(static_cast<double>(row.counts.content_bytes));
}

constexpr auto kKindColumns = std::to_array<SplitColumn<MessageCounts>>({
    {"messages", 10, delivered},
    {"refused", 8, refused},
    {"lost", 8, lost},
    {"bytes", 8, content},
    {"p50", 8, percentile<MessageCounts, 50>},
    {"p99", 8, percentile<MessageCounts, 99>},
});
constexpr auto kSenderColumns = std::to_array<SplitColumn<MessageCounts>>({
    {"messages", 10, delivered},
    {"refused", 8, refused},
    {"lost", 8, lost},
    {"p50", 8, percentile<MessageCounts, 50>},
    {"p99", 8, percentile<MessageCounts, 99>},
    {"max", 8, percentile<MessageCounts, 100>},
});
constexpr auto kDomainColumns = std::to_array<SplitColumn<RecipientCounts>>({
    {"recipients", 10, [](const auto& row) { return count(row.counts.accepted); }},
    {"4xx", 8, [](const auto& row) { return count(row.counts.deferred); }},
    {"5xx", 8, [](const auto& row) { return count(row.counts.refused); }},
    {"lost", 8, [](const auto& row) { return count(row.counts.lost + row.counts.in_doubt); }},
    {"p50", 8, percentile<RecipientCounts, 50>},
    {"p99", 8, percentile<RecipientCounts, 99>},
});

template <typename Counts, typename Columns>
void write_row(Writer& out, std::string_view name, const SplitRow<Counts>& row,
               const Columns& columns) {
  std::string text = "  " + fitted(name, kNameWidth);
  text.append(kNameWidth + 2 - columns_of(text), ' ');
  for (const auto& column : columns) text += fmt::format(" {:>{}}", column.text(row), column.width);
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
  const bool all = split->rows.size() <= kRows + 1 && others.counts.all() == 0;
  for (std::size_t place = 0; place < split->rows.size(); ++place) {
    const SplitRow<Counts>& row = split->rows[place];
    if (all || place < kRows) {
      write_row(out, row.name, row, columns);
    } else {
      others.add(row);
    }
  }
  if (!all) write_row(out, "all others", others, columns);
  if (split->untold == 0) return;
  out.line("  {} {} of the others may be of any {}: too many to tell them all apart",
           count(split->untold), words.counted, words.name);
}

}  // namespace

void write_splits(Writer& out, const metrics::Measurement& measured) {
  write_split(out, {"Kinds", "kind", "messages"}, measured.kinds, kKindColumns);
  write_split(out, {"Domains", "domain", "recipients"}, measured.domains, kDomainColumns);
  write_split(out, {"Senders", "sender", "messages"}, measured.senders, kSenderColumns);
}

}  // namespace millrace::report
