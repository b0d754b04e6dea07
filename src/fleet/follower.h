#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "fleet/lead.h"
#include "fleet/post.h"
#include "metrics/timeline.h"

namespace millrace::fleet {

// What every rank but 0 does: as rank 0 says, while that is there. Without a clock and threads of
// its own.
class Follower {
 public:
  explicit Follower(TimePoint now) : silent_at_(now + kAssembling + kSilence), next_beat_(now) {}

  // This rank could begin.
  void ready(const Readiness& own) { send(Subject::ready, own.load + " " + own.host); }
  void say(const std::string& text) { send(Subject::said, text); }
  void tell(const metrics::Second& second);
  void count(const std::string& counts) { send(Subject::counts, counts); }
  // Of a quota.
  void tell_of_quota(Letter letter) { letters_.push_back(std::move(letter)); }
  // The run of this rank is over. `end`: how often the others are to be told to end therefore.
  void hand_in(unsigned end, const std::string& result);
  // It has measured nothing, and why.
  void fail(const std::string& why) { send(Subject::trouble, why); }

  void take(const Letter& letter, Moment now);
  void turn(Moment now);
  // What goes to rank 0, in order.
  std::vector<Letter> letters();

  // Whether all of what rank 0 has for it has come, which can be taken once.
  [[nodiscard]] bool is_opened() const { return is_opened_; }
  std::string take_opening() { return std::move(opening_); }
  // Of several runs: takes what the next one is; nothing while that is open.
  std::optional<std::string> take_next() { return std::exchange(next_, std::nullopt); }
  [[nodiscard]] bool has_next() const { return next_.has_value(); }
  // When it begins, by the clock here; nothing while that is open.
  [[nodiscard]] std::optional<Microseconds> start() const { return start_; }
  // How often the run is to be told to end.
  [[nodiscard]] unsigned end() const { return end_; }
  // Rank 0 is silent: nobody takes anything in any more.
  [[nodiscard]] bool is_lost() const { return lost_since_.has_value(); }
  // Nothing more is to come; whether all ranks are there. Nothing while that is open.
  [[nodiscard]] std::optional<bool> over() const { return over_; }

 private:
  void send(Subject subject, std::string text);

  std::vector<Letter> letters_;
  std::string opening_;
  bool is_opened_ = false;
  std::optional<std::string> next_;
  std::optional<Microseconds> start_;
  unsigned end_ = 0;
  std::optional<TimePoint> lost_since_;
  std::optional<bool> over_;
  TimePoint silent_at_;  // where nothing is heard until then
  TimePoint next_beat_;
};

}  // namespace millrace::fleet
