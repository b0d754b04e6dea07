#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time.h"
#include "net/wake_up.h"
#include "sink/answers/answer.h"

namespace millrace::sink {

// What became of the answers that rules asked for. Those that were queued are the sum of those that
// were sent, refused, given up and not sent.
struct AnswerTotals {
  std::uint64_t queued = 0;
  std::uint64_t sent = 0;
  std::map<int, std::uint64_t> refused;  // by the reply code, 5xx
  std::uint64_t given_up = 0;            // after several tries that failed for a while
  std::uint64_t unsent = 0;              // when the program ended

  std::uint64_t dropped = 0;      // not queued: there were too many
  std::uint64_t not_allowed = 0;  // not queued: nobody may answer such a message (eligibility.h)
};

// Answers until they are due, and what became of them. Workers offer from all threads; one thread
// takes. What waits is bounded: beyond that, what is offered is dropped.
class AnswerQueue {
 public:
  static constexpr std::size_t kMostAnswers = 10'000;
  // Of what they hold; a header that several answers share counts for each.
  static constexpr std::size_t kMostBytes = std::size_t{128} << 20U;

  // Throws Fatal when there is no descriptor left.
  explicit AnswerQueue(std::size_t most_answers = kMostAnswers,
                       std::size_t most_bytes = kMostBytes);

  // From any thread.
  void offer(Answer answer);
  void not_allowed();

  // For the thread that takes. Its loop is woken when an answer is due before all others are; must
  // be called before its first turn.
  void attach(net::EventLoop& loop) {
    wake_up_.attach(loop, [] {});
  }
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  // The one that is due first, if it is due by `now`. What becomes of it is to be told:
  std::optional<Answer> take(TimePoint now);
  void sent();
  void refused(int code);
  void given_up();
  // It waits again: until answer.due. (It had its place: this is never too many.)
  void put_back(Answer answer);

  // Those that wait, or were taken and nothing was told of, count as not sent.
  [[nodiscard]] AnswerTotals totals() const;

 private:
  struct Waiting {
    Answer answer;
    std::uint64_t number;  // of those that are due at the same time the first comes first
  };

  void add(Answer answer);
  static bool later(const Waiting& one, const Waiting& other);

  const std::size_t most_answers_;
  const std::size_t most_bytes_;
  net::WakeUp wake_up_;
  mutable std::mutex mutex_;  // of all below
  std::vector<Waiting> heap_;
  std::size_t bytes_ = 0;
  std::uint64_t added_ = 0;
  AnswerTotals totals_;
};

}  // namespace millrace::sink
