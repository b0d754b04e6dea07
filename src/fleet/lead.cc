#include "fleet/lead.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "fleet/quota_letters.h"
#include "fleet/second_text.h"

namespace millrace::fleet {
namespace {

std::optional<Microseconds> microseconds(std::string_view text) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 52;  // some 140 years: what is added fits
  const auto number = whole_number(text, 0, kMost);
  if (!number) return std::nullopt;
  return Microseconds(static_cast<Microseconds::rep>(*number));
}

}  // namespace

Moment Moment::now() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {.here = Clock::now(), .wall = std::chrono::duration_cast<Microseconds>(wall)};
}

Lead::Lead(unsigned ranks, TimePoint now) : ranks_(ranks), told_(now), next_beat_(now) {
  for (RankState& rank : ranks_) rank.heard = now;
}

void Lead::send(unsigned rank, Subject subject, std::string text) {
  letters_.push_back({.rank = rank, .letter = {.subject = subject, .text = std::move(text)}});
}

void Lead::open(std::string opening, std::optional<Microseconds> earliest) {
  earliest_ = earliest;
  opening_ = std::make_shared<const std::string>(std::move(opening));
  sent_.assign(ranks_.size(), 0);
}

bool Lead::has_piece(unsigned rank) const {
  return opening_ != nullptr && sent_[rank] < opening_->size();
}

Piece Lead::take_piece(unsigned rank) {
  Piece piece{.subject = Subject::piece, .whole = opening_};
  piece.text = std::string_view(*opening_).substr(sent_[rank], kPiece);
  sent_[rank] += piece.text.size();
  if (sent_[rank] < opening_->size()) return piece;
  piece.subject = Subject::opening;
  const bool all = std::all_of(sent_.begin() + 1, sent_.end(),
                               [&](std::size_t sent) { return sent == opening_->size(); });
  if (all) opening_.reset();
  return piece;
}

void Lead::next(const std::string& run, TimePoint now) {
  hand_out(run, now);
  if (end_ == 0) return;
  for (unsigned rank = 1; rank < ranks_.size(); ++rank) {
    if (!ranks_[rank].is_in()) send(rank, Subject::end, std::to_string(end_));
  }
}

// Clocks are compared anew: a search takes long enough for them to go apart.
void Lead::hand_out(const std::string& run, TimePoint now) {
  out_ = Out::one_of_several;
  is_ready_ = false;
  is_over_ = false;
  start_.reset();
  seconds_ = {};
  if (haste_) haste_ = {.since = now, .length = kRollCall};
  for (unsigned rank = 1; rank < ranks_.size(); ++rank) {
    ranks_[rank].result.reset();
    if (ranks_[rank].is_in()) continue;
    ranks_[rank].clock = {};
    send(rank, Subject::next, run);
  }
}

void Lead::rest() {
  if (has_several()) out_ = Out::none;
}

void Lead::ready(std::string load) {
  is_ready_ = true;
  load_ = std::move(load);
}

void Lead::over(unsigned end) {
  is_over_ = true;
  order(end);
}

// Those that are in have nothing left to end, nor has anybody between two runs.
void Lead::order(unsigned times) {
  if (times <= end_) return;
  end_ = times;
  for (unsigned rank = 1; rank < ranks_.size(); ++rank) {
    if (out_ != Out::none && !ranks_[rank].is_in()) {
      send(rank, Subject::end, std::to_string(times));
    }
  }
}

void Lead::interrupt(TimePoint now, std::optional<Duration> patience) {
  order(1);
  if (patience) hasten(now, *patience * 3 / 4);  // the report takes the rest
}

// The sooner of two ends counts.
void Lead::hasten(TimePoint now, Duration length) {
  if (haste_ && haste_->since + haste_->length <= now + length) return;
  haste_ = {.since = now, .length = length};
}

void Lead::take(const Addressed& got, Moment now) {
  if (got.rank == 0 || got.rank >= ranks_.size()) return;
  RankState& rank = ranks_[got.rank];
  if (got.letter.subject == Subject::gone) return lose(rank, now.here);
  rank.heard = now.here;
  const bool is_back = std::exchange(rank.is_silent, false);
  // Nobody has told it that the run has to end.
  if (is_back && rank.is_given_up) send(got.rank, Subject::end, "2");
  const std::string& text = got.letter.text;
  switch (got.letter.subject) {
    case Subject::ready: {
      const std::size_t space = std::min(text.find(' '), text.size());
      rank.load = text.substr(0, space);
      rank.host = text.substr(std::min(space + 1, text.size()));
      return compare_clock(got.rank, now);
    }
    case Subject::pong: {
      const std::size_t space = std::min(text.find(' '), text.size() - 1);
      const auto began = microseconds(text.substr(0, space));
      const auto there = microseconds(text.substr(space + 1));
      if (began && there) rank.clock.take(*began, *there, now.wall);
      rank.compared = now.here;
      if (!rank.clock.done()) send(got.rank, Subject::ping, std::to_string(now.wall.count()));
      return;
    }
    case Subject::said:
      return said_.push_back(got);
    case Subject::second:
      if (const auto second = second_of(text)) seconds_.add(*second);
      return;
    case Subject::counts:
      rank.counts = text;
      rank.counted = now.here;
      return;
    case Subject::ask:
    case Subject::unused:
      return take_of_quota(got);
    case Subject::result:
      if (rank.is_in() || text.empty()) return;
      if (text.front() < '0' || text.front() > '2') return;
      rank.result = text.substr(1);
      return order(static_cast<unsigned>(text.front() - '0'));
    case Subject::trouble:
      if (rank.is_in()) return;
      rank.trouble = "failed: " + text;
      rank.is_cause = end_ == 0;
      return order(2);
    default:
      return;
  }
}

void Lead::lose(RankState& rank, TimePoint now) {
  rank.is_silent = true;
  if (!is_missed(rank)) return;
  rank.is_given_up = true;
  rank.trouble = "was not there any more";
  rank.is_cause = end_ == 0;
  hasten(now, kHaste);
}

// Who is silent then: it has more to do.
bool Lead::is_missed(const RankState& rank) const {
  return rank.trouble.empty() && (!rank.result || has_several());
}

void Lead::turn(Moment now) {
  if (now.here >= next_beat_) {
    next_beat_ = now.here + kBeat;
    for (unsigned rank = 1; rank < ranks_.size(); ++rank) send(rank, Subject::alive, {});
  }
  look_for_silence(now.here);
  hand_out_quotas();
  if (!start_ && end_ == 0) begin_together(now);
  tell_of_awaited(now.here);
  if (!haste_) return;
  order(now.here < haste_->since + haste_->length / 2 ? 1 : 2);
  if (out_ == Out::none || now.here < haste_->since + haste_->length) return;
  for (auto rank = ranks_.begin() + 1; rank != ranks_.end(); ++rank) {
    if (rank->is_in()) continue;
    rank->trouble = "was not done when the run had to end";
    rank->is_cause = false;
    rank->is_given_up = true;
  }
}

void Lead::ask_once_more(TimePoint now) {
  asked_ = now;
  for (unsigned rank = 1; rank < ranks_.size(); ++rank) send(rank, Subject::next, {});
}

bool Lead::all_answered() const {
  return std::all_of(ranks_.begin() + 1, ranks_.end(),
                     [&](const RankState& rank) { return rank.is_silent || rank.heard > asked_; });
}

TimePoint Lead::silent_at(const RankState& rank) const {
  if (asked_ && haste_ && rank.heard <= asked_) return *asked_ + kRollCall;
  return rank.heard + kSilence;
}

void Lead::look_for_silence(TimePoint now) {
  for (auto rank = ranks_.begin() + 1; rank != ranks_.end(); ++rank) {
    if (rank->is_silent || now < silent_at(*rank)) continue;
    rank->is_silent = true;
    if (!is_missed(*rank)) continue;
    const auto silence = std::chrono::duration_cast<std::chrono::seconds>(kSilence);
    rank->is_given_up = true;
    rank->trouble = fmt::format("was not heard of for {} s", silence.count());
    rank->is_cause = end_ == 0;
    hasten(now, kHaste);
  }
}

void Lead::compare_clock(unsigned rank, Moment now) {
  ranks_[rank].clock = {};
  send(rank, Subject::ping, std::to_string(now.wall.count()));
}

// Compares those anew of which that was long ago.
bool Lead::are_clocks_known(Moment now) {
  bool all = true;
  for (unsigned rank = 1; rank < ranks_.size(); ++rank) {
    const bool done = ranks_[rank].clock.done();
    if (done && now.here < ranks_[rank].compared + kFresh) continue;
    if (done) compare_clock(rank, now);
    all = false;
  }
  return all;
}

// Who has another is found out before anything is sent: their reports would not fit together.
bool Lead::have_all_the_load() {
  for (auto rank = ranks_.begin() + 1; rank != ranks_.end(); ++rank) {
    if (rank->load == load_ || rank->is_in()) continue;
    rank->trouble = "is of another version, or has other options or files, than rank 0";
    order(2);
  }
  return end_ == 0;
}

void Lead::begin_together(Moment now) {
  const bool all = is_ready_ && std::all_of(ranks_.begin() + 1, ranks_.end(),
                                            [](const auto& rank) { return rank.host; });
  if (!all || !have_all_the_load()) return;
  if (now.wall + kFresh < earliest_.value_or(Microseconds{})) return;
  if (!are_clocks_known(now)) return;
  start_ = std::max(now.wall + Microseconds(kHeadStart), earliest_.value_or(Microseconds{}));
  for (unsigned rank = 1; rank < ranks_.size(); ++rank) {
    const Microseconds there = *start_ + ranks_[rank].clock.offset()->ahead;
    send(rank, Subject::start, std::to_string(there.count()));
  }
}

// "rank 3 to be ready"; nothing where nobody is waited for.
std::string Lead::awaited() const {
  std::vector<std::size_t> late;
  for (std::size_t rank = 1; rank < ranks_.size(); ++rank) {
    const bool to_begin = is_ready_ && !start_ && !ranks_[rank].clock.done();
    if (!ranks_[rank].is_in() && (is_over_ || to_begin)) late.push_back(rank);
  }
  if (late.empty() || out_ == Out::none) return {};
  constexpr std::size_t kMostNamed = 5;
  const std::size_t named = std::min(late.size(), kMostNamed);
  const auto end = late.begin() + static_cast<std::ptrdiff_t>(named);
  const std::string others =
      late.size() > named ? fmt::format(" and {} others", late.size() - named) : std::string();
  return fmt::format("{} {}{} {}", late.size() == 1 ? "rank" : "ranks",
                     fmt::join(late.begin(), end, ", "), others,
                     is_over_ ? "to end" : "to be ready");
}

void Lead::tell_of_awaited(TimePoint now) {
  const std::string whom = awaited();
  if (whom.empty()) told_ = now;
  if (now < told_ + kUntold) return;
  told_ = now;
  said_.push_back({.rank = 0, .letter = {.subject = Subject::said, .text = "waits for " + whom}});
}

void Lead::share(const std::vector<std::uint64_t>& quotas) {
  const auto ranks = static_cast<unsigned>(ranks_.size());
  for (const std::uint64_t quota : quotas) pools_.emplace_back(quota, ranks);
}

void Lead::take_of_quota(const Addressed& got) {
  const auto word = quota_word(got.letter);
  if (!word || word->quota >= pools_.size()) return;
  QuotaPool& pool = pools_[word->quota];
  if (got.letter.subject == Subject::ask) pool.ask(got.rank, word->number);
  if (got.letter.subject == Subject::unused) pool.returned(got.rank, word->number);
}

void Lead::hand_out_quotas() {
  for (std::size_t quota = 0; quota < pools_.size(); ++quota) {
    const auto tell = [&](unsigned rank, Subject subject, std::uint64_t number) {
      letters_.push_back(
          {.rank = rank, .letter = quota_letter(subject, {.quota = quota, .number = number})});
    };
    for (const auto& [rank, more] : pools_[quota].answers()) tell(rank, Subject::more, more);
    for (const unsigned rank : pools_[quota].recalls()) tell(rank, Subject::recall, 0);
  }
}

bool Lead::deals_with_quotas() const {
  return std::any_of(pools_.begin(), pools_.end(),
                     [](const QuotaPool& pool) { return pool.is_busy(); });
}

std::vector<Addressed> Lead::letters() { return std::exchange(letters_, {}); }

std::vector<Addressed> Lead::said() { return std::exchange(said_, {}); }

std::optional<metrics::Second> Lead::seconds_of_all(const metrics::Second& own) {
  seconds_.add(own);
  return seconds_.take(own.number);
}

bool Lead::all_in() const {
  return out_ == Out::none || std::all_of(ranks_.begin() + 1, ranks_.end(),
                                          [](const RankState& rank) { return rank.is_in(); });
}

bool Lead::is_well() const {
  return std::all_of(ranks_.begin(), ranks_.end(),
                     [](const RankState& rank) { return rank.trouble.empty(); });
}

bool Lead::whole() const {
  return std::none_of(ranks_.begin(), ranks_.end(),
                      [](const RankState& rank) { return rank.is_silent || rank.is_given_up; });
}

void Lead::close() {
  for (unsigned rank = 1; rank < ranks_.size(); ++rank) {
    send(rank, Subject::over, whole() ? "1" : "0");
  }
}

}  // namespace millrace::fleet
