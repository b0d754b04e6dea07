#include "metrics/split.h"

#include <algorithm>
#include <functional>
#include <map>

namespace millrace::metrics {

void MessageCounts::add(const MessageCounts& other) {
  counters.add(other.counters);
  content_bytes += other.content_bytes;
}

void RecipientCounts::add(const RecipientCounts& other) {
  for (const auto& row : kRecipientCountNames) this->*row.counter += other.*row.counter;
}

template <typename Counts>
void Split<Counts>::keep_most() {
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    const std::uint64_t of_a = a.counts.all();
    const std::uint64_t of_b = b.counts.all();
    return of_a != of_b ? of_a > of_b : a.name < b.name;
  });
  if (rows.size() <= kRows) return;
  for (std::size_t row = kRows; row < rows.size(); ++row) others.add(rows[row]);
  rows.resize(kRows);
}

template <typename Counts>
Split<Counts> merged(std::span<const Split<Counts>> parts) {
  Split<Counts> sum;
  std::map<std::string, std::size_t, std::less<>> places;
  for (const Split<Counts>& part : parts) {
    for (const SplitRow<Counts>& row : part.rows) {
      const auto [place, fresh] = places.emplace(row.name, sum.rows.size());
      if (fresh) {
        sum.rows.push_back(row);
      } else {
        sum.rows[place->second].add(row);
      }
    }
    sum.others.add(part.others);
    sum.unsplit_runs += part.unsplit_runs;
  }
  for (const Split<Counts>& part : parts) {
    const bool has_all = part.rows.size() >= sum.rows.size();
    sum.untold += has_all ? part.untold : part.others.counts.all();
  }
  sum.keep_most();
  return sum;
}

template struct Split<MessageCounts>;
template struct Split<RecipientCounts>;
template MessageSplit merged(std::span<const MessageSplit> parts);
template RecipientSplit merged(std::span<const RecipientSplit> parts);

}  // namespace millrace::metrics
