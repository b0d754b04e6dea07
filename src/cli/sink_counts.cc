#include "cli/sink_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/number.h"

namespace millrace::cli {
namespace {

// Of a sink that no client has come to.
constexpr std::string_view kNobody = "-";

std::string_view next_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

}  // namespace

void SinkCounts::add(const SinkCounts& other) {
  sessions += other.sessions;
  quits += other.quits;
  messages += other.messages;
  busy = busy || other.busy;
  if (other.quiet) quiet = std::min(quiet.value_or(*other.quiet), *other.quiet);
}

std::string SinkCounts::shown() const {
  return sink::Quotas::Totals{.sessions = sessions, .quits = quits, .messages = messages}.shown();
}

SinkCounts counts_of(const sink::SinkState& state, TimePoint now) {
  SinkCounts counts{.sessions = state.totals.sessions,
                    .quits = state.totals.quits,
                    .messages = state.totals.messages,
                    .busy = state.busy};
  if (state.last_end) counts.quiet = now - *state.last_end;
  return counts;
}

std::string to_letter(const SinkCounts& counts) {
  return fmt::format("{} {} {} {} {}", counts.sessions, counts.quits, counts.messages,
                     counts.busy ? 1 : 0,
                     counts.quiet ? std::to_string(counts.quiet->count()) : std::string(kNobody));
}

std::optional<SinkCounts> read_counts(std::string_view text) {
  std::array<std::uint64_t, 4> numbers{};
  for (std::uint64_t& number : numbers) {
    const auto read = whole_number(next_word(text));
    if (!read) return std::nullopt;
    number = *read;
  }
  SinkCounts counts{
      .sessions = numbers[0], .quits = numbers[1], .messages = numbers[2], .busy = numbers[3] != 0};
  if (text == kNobody) return counts;
  const auto quiet = whole_number(text);
  if (!quiet) return std::nullopt;
  counts.quiet = Duration(static_cast<Duration::rep>(*quiet));
  return counts;
}

SinkCounts count_all(const SinkCounts& own, const std::vector<fleet::RankState>& ranks,
                     TimePoint now) {
  SinkCounts all = own;
  for (const fleet::RankState& rank : ranks) {
    auto counts = read_counts(rank.counts);
    if (!counts) continue;
    if (counts->quiet) *counts->quiet += now - rank.counted;
    all.add(*counts);
  }
  return all;
}

bool reached(const SinkGoal& goal, const SinkCounts& all) {
  if (goal.messages && all.messages >= *goal.messages) return true;
  if (goal.quits && all.quits >= *goal.quits) return true;
  return goal.idle && !all.busy && all.quiet && *all.quiet >= *goal.idle;
}

}  // namespace millrace::cli
