// A run split by what its messages differ in: their kind, their sender, the domains of their
// recipients. What is in a split is the run's: its rows and its others add up to the totals.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "metrics/metrics.h"

namespace millrace::metrics {

// What became of the messages that have something in common. Of the counters those below are
// counted, for messages that a session has turned to.
struct MessageCounts {
  Counters counters;
  std::uint64_t content_bytes = 0;  // of what went out, each attempt counted: by kind only

  // Messages, whatever became of them.
  [[nodiscard]] std::uint64_t all() const {
    return counters.delivered + counters.refused + counters.lost + counters.unfinished +
           counters.given_up + counters.waiting;
  }
  void add(const MessageCounts& other);
};

inline constexpr std::array<CounterName, 7> kMessageCountNames = {{
    {"messages", &Counters::delivered},
    {"messages_refused", &Counters::refused},
    {"messages_lost", &Counters::lost},
    {"messages_unfinished", &Counters::unfinished},
    {"messages_given_up", &Counters::given_up},
    {"messages_waiting", &Counters::waiting},
    {"losses_in_doubt", &Counters::in_doubt},
}};

// What became of messages for some recipients, by attempt where they come back.
struct RecipientCounts {
  std::uint64_t accepted = 0;  // that the server took the message for
  std::uint64_t deferred = 0;  // 4xx, and ahead of the end what is no reply of RFC 5321
  std::uint64_t refused = 0;   // 5xx
  std::uint64_t in_doubt = 0;  // all of the content was sent, neither yes nor no came (RFC 1047)
  std::uint64_t lost = 0;      // lost before that, or with a message that the run counts as lost

  [[nodiscard]] std::uint64_t all() const {
    return accepted + deferred + refused + in_doubt + lost;
  }
  void add(const RecipientCounts& other);
};

// A row a count, as kCounterNames has them.
inline constexpr std::array<CountName<RecipientCounts>, 5> kRecipientCountNames = {{
    {"recipients", &RecipientCounts::accepted},
    {"recipients_deferred", &RecipientCounts::deferred},
    {"recipients_refused", &RecipientCounts::refused},
    {"recipients_in_doubt", &RecipientCounts::in_doubt},
    {"recipients_lost", &RecipientCounts::lost},
}};

template <typename Counts>
struct SplitRow {
  std::string name;  // a kind's, a domain, a sender
  Counts counts;
  Histogram latency;  // of what was accepted: from when the message was due

  void add(const SplitRow& other) {
    counts.add(other.counts);
    latency.add(other.latency);
  }
};

template <typename Counts>
struct Split {
  // So many have a row of their own.
  static constexpr std::size_t kRows = 50;

  std::vector<SplitRow<Counts>> rows;  // those with the most first
  SplitRow<Counts> others;             // nameless: all that have no row
  // How much of the others (messages, or recipients) may belong to any name, those of the rows too:
  // it was not told apart, for want of room, or in
  // runs that were merged.
  std::uint64_t untold = 0;
  // Of a merged run, how many of its parts were not split by this: of what is among the others from
  // them no more is known than the totals of a run say.
  std::uint64_t unsplit_runs = 0;

  // Puts the rows with the most first, and adds those behind kRows to the others.
  void keep_most();
  // Whether it tells anything that the totals do not.
  [[nodiscard]] bool tells() const { return rows.size() > 1 || others.counts.all() > 0; }
};

// The split of several runs together. A name that has a row in one of them may be among the others
// of another: then these are untold.
template <typename Counts>
Split<Counts> merged(std::span<const Split<Counts>> parts);

using MessageSplit = Split<MessageCounts>;
using RecipientSplit = Split<RecipientCounts>;

}  // namespace millrace::metrics
