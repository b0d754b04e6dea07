#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/coarse_histogram.h"
#include "metrics/histogram.h"
#include "metrics/split.h"

namespace millrace::metrics {

// What one thread counts for a split: an entry a name. Names come from users' files, and there may
// be more of them than memory: as many as the limit have an entry, the first that came, and all
// that come behind share one. A name that is there costs a look into a hash table and no
// allocation.
template <typename Counts, typename Latency>
class SplitTable {
 public:
  // A name longer than that has no entry of its own; no mailbox is (RFC 5321, 4.5.3.1).
  static constexpr std::size_t kLongestName = 512;

  struct Entry {
    Counts counts;
    Latency latency;  // Histogram or CoarseHistogram
  };

  explicit SplitTable(std::size_t most_names) : most_names_(most_names) {}

  Entry& operator[](std::string_view name) {
    const auto found = entries_.find(name);
    if (found != entries_.end()) return *found->second;
    if (entries_.size() >= most_names_ || name.size() > kLongestName) return untold_;
    return *entries_.emplace(name, std::make_unique<Entry>()).first->second;
  }

  // Adds what another thread has counted, and takes its memory: here the limit does not hold, since
  // together they are no larger than they were.
  void take(SplitTable&& other) {
    add(other.untold_, untold_);
    while (!other.entries_.empty()) {
      const auto taken = entries_.insert(other.entries_.extract(other.entries_.begin()));
      if (!taken.inserted) add(*taken.node.mapped(), *taken.position->second);
    }
  }

  // For a report. The entries are of no use any more: each goes when it has been told.
  Split<Counts> take_split() {
    Split<Counts> split;
    // A row's histogram is large: only those that stay get one.
    std::vector<std::pair<std::uint64_t, const std::string*>> order;
    for (const auto& [name, entry] : entries_) order.emplace_back(entry->counts.all(), &name);
    const std::size_t kept = std::min(order.size(), Split<Counts>::kRows);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                      [](const auto& a, const auto& b) {
                        return a.first != b.first ? a.first > b.first : *a.second < *b.second;
                      });
    for (std::size_t place = 0; place < order.size(); ++place) {
      const std::string& name = *order[place].second;
      if (place < kept) split.rows.push_back({.name = name});
      tell(*entries_.find(name)->second, place < kept ? split.rows.back() : split.others);
    }
    tell(untold_, split.others);
    split.untold = untold_.counts.all();
    return split;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  static void add(const Entry& part, Entry& sum) {
    sum.counts.add(part.counts);
    sum.latency.add(part.latency);
  }

  static void tell(const Entry& entry, SplitRow<Counts>& row) {
    row.counts.add(entry.counts);
    if constexpr (std::is_same_v<Latency, Histogram>) {
      row.latency.add(entry.latency);
    } else {
      entry.latency.add_to(row.latency);
    }
  }

  const std::size_t most_names_;
  std::unordered_map<std::string, std::unique_ptr<Entry>, Hash, std::equal_to<>> entries_;
  Entry untold_;
};

}  // namespace millrace::metrics
