#include "fleet/follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "fleet/second_text.h"

namespace millrace::fleet {

void Follower::send(Subject subject, std::string text) {
  letters_.push_back({.subject = subject, .text = std::move(text)});
}

void Follower::tell(const metrics::Second& second) { send(Subject::second, to_text(second)); }

void Follower::hand_in(unsigned end, const std::string& result) {
  send(Subject::result, std::to_string(end) + result);
}

void Follower::take(const Letter& letter, Moment now) {
  if (letter.subject == Subject::gone) {
    if (!lost_since_) lost_since_ = now.here;
    return;
  }
  silent_at_ = now.here + kSilence;
  const auto number = whole_number(letter.text);
  switch (letter.subject) {
    case Subject::piece:
    case Subject::opening:
      opening_ += letter.text;
      is_opened_ = letter.subject == Subject::opening;
      return;
    case Subject::next:
      if (letter.text.empty()) return hand_in(0, {});
      next_ = letter.text;
      return start_.reset();
    case Subject::ping:
      return send(Subject::pong, fmt::format("{} {}", letter.text, now.wall.count()));
    case Subject::start:
      if (number) start_ = Microseconds(static_cast<Microseconds::rep>(*number));
      return;
    case Subject::end:
      if (number) end_ = std::max(end_, static_cast<unsigned>(std::min<std::uint64_t>(*number, 2)));
      return;
    case Subject::over:
      over_ = letter.text == "1";
      end_ = 2;
      return;
    default:
      return;
  }
}

void Follower::turn(Moment now) {
  if (now.here >= next_beat_) {
    next_beat_ = now.here + kBeat;
    send(Subject::alive, {});
  }
  if (!lost_since_ && now.here >= silent_at_) lost_since_ = now.here;
  if (!lost_since_) return;
  end_ = std::max(end_, now.here >= *lost_since_ + kHaste / 2 ? 2U : 1U);
}

std::vector<Letter> Follower::letters() { return std::exchange(letters_, {}); }

}  // namespace millrace::fleet
