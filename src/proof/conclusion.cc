#include "proof/conclusion.h"

#include <algorithm>

namespace millrace::proof {
namespace {

// Which of two outcomes decides: what was promised, else what may have been.
unsigned weight(SentOutcome outcome) {
  if (outcome == SentOutcome::accepted) return 2;
  return outcome == SentOutcome::in_doubt ? 1 : 0;
}

// Adds what is said of the same recipient.
void join(Arrivals& arrivals, const Arrivals& more) {
  // A copy tells more than a bounce.
  const bool first = arrivals.copies == 0 ? more.copies > 0 || more.first < arrivals.first
                                          : more.copies > 0 && more.first < arrivals.first;
  if (first) {
    arrivals.first = more.first;
    arrivals.origin = more.origin;
  }
  if (more.copies > 0 && (arrivals.copies == 0 || more.last > arrivals.last)) {
    arrivals.last = more.last;
    arrivals.unconfirmed_last = more.unconfirmed_last;
  } else if (more.copies > 0 && more.last == arrivals.last) {
    arrivals.unconfirmed_last += more.unconfirmed_last;
  }
  arrivals.copies += more.copies;
  arrivals.unconfirmed += more.unconfirmed;
  arrivals.bounces += more.bounces;
  arrivals.worst = std::max(arrivals.worst, more.worst);
}

bool by_recipient(const Arrivals& one, const Arrivals& other) {
  return one.recipient < other.recipient;
}

}  // namespace

Attempts::Attempts(const SentRecord& record, std::uint64_t its_text)
    : recipient(record.recipient),
      accepted(record.outcome == SentOutcome::accepted ? 1 : 0),
      in_doubt(record.outcome == SentOutcome::in_doubt ? 1 : 0),
      decisive(record),
      text(its_text) {}

void Attempts::add(const SentRecord& record, std::uint64_t its_text) {
  const Attempts more(record, its_text);
  accepted += more.accepted;
  in_doubt += more.in_doubt;
  const unsigned before = weight(decisive.outcome);
  const unsigned now = weight(record.outcome);
  const bool later = record.sent > decisive.sent;
  if (now > before || (now == before && later == (now == 0))) {
    decisive = record;
    text = its_text;
  }
}

Arrivals::Arrivals(const TakenRecord& record, bool confirmed, std::uint64_t its_origin)
    : recipient(record.recipient),
      copies(record.bounced ? 0 : 1),
      unconfirmed(record.bounced || confirmed ? 0 : 1),
      unconfirmed_last(unconfirmed),
      bounces(record.bounced ? 1 : 0),
      first(record.taken),
      last(record.taken),
      worst(record.bounced ? TakenVerdict::same : record.verdict),
      origin(its_origin) {}

void Arrivals::add(const TakenRecord& record, bool confirmed, std::uint64_t its_origin) {
  join(*this, Arrivals(record, confirmed, its_origin));
}

void MessageFold::clear() {
  attempts_.clear();
  arrivals_.clear();
  unknown_.clear();
  whose_unknown_ = false;
}

void MessageFold::add(const SentRecord& record, std::uint64_t text) {
  if (!attempts_.empty() && attempts_.back().recipient == record.recipient) {
    attempts_.back().add(record, text);
  } else {
    attempts_.emplace_back(record, text);
  }
}

void MessageFold::add(const TakenRecord& record, bool confirmed, std::uint64_t origin) {
  if (record.recipient == kUnknownRecipient && unknown_.size() < kMostUnknown) {
    unknown_.emplace_back(record, confirmed, origin);
  } else if (record.recipient == kUnknownRecipient) {
    unknown_.back().add(record, confirmed, origin);
  } else if (!arrivals_.empty() && arrivals_.back().recipient == record.recipient) {
    arrivals_.back().add(record, confirmed, origin);
  } else {
    arrivals_.emplace_back(record, confirmed, origin);
  }
}

bool MessageFold::lacks(std::uint16_t recipient) const {
  return !attempts_.empty() &&
         !std::ranges::binary_search(attempts_, recipient, {}, &Attempts::recipient);
}

// Whether there is a copy for nobody knows whom, and one of another moment.
bool MessageFold::came_apart() const {
  const auto copy = std::find_if(unknown_.begin(), unknown_.end(),
                                 [](const Arrivals& one) { return one.copies > 0; });
  if (copy == unknown_.end()) return false;
  const auto apart = [&copy](const Arrivals& one) {
    return one.copies > 0 && one.first != copy->first;
  };
  return std::any_of(unknown_.begin(), unknown_.end(), apart) ||
         std::any_of(arrivals_.begin(), arrivals_.end(), apart);
}

void MessageFold::place_unknown() {
  if (unknown_.empty()) return;
  whose_unknown_ = attempts_.size() > 1 && came_apart();
  // Those for whom nothing came yet, as they are served.
  std::vector<const Attempts*> waiting;
  for (const Attempts& attempts : attempts_) {
    const Arrivals* known = nullptr;
    const auto place = std::lower_bound(
        arrivals_.begin(), arrivals_.end(), attempts.recipient,
        [](const Arrivals& arrivals, std::uint16_t number) { return arrivals.recipient < number; });
    if (place != arrivals_.end() && place->recipient == attempts.recipient) known = &*place;
    if (known == nullptr) waiting.push_back(&attempts);
  }
  std::stable_sort(waiting.begin(), waiting.end(), [](const Attempts* one, const Attempts* other) {
    return weight(one->decisive.outcome) > weight(other->decisive.outcome);
  });
  // Copies by their time; the news of failures is for those who are left.
  std::stable_sort(unknown_.begin(), unknown_.end(),
                   [](const Arrivals& one, const Arrivals& other) {
                     const bool bounce = one.copies == 0;
                     const bool other_bounce = other.copies == 0;
                     return bounce != other_bounce ? other_bounce : one.first < other.first;
                   });
  // More than were waiting are further copies of those that may have one, each in its turn.
  const auto may_have_one = std::count_if(waiting.begin(), waiting.end(), [](const Attempts* one) {
    return weight(one->decisive.outcome) > 0;
  });
  const std::size_t turn = std::max<std::size_t>(1, static_cast<std::size_t>(may_have_one));
  for (std::size_t place = 0; place < unknown_.size(); ++place) {
    Arrivals& arrivals = unknown_[place];
    const std::size_t whose = place < waiting.size() ? place : (place - waiting.size()) % turn;
    arrivals.recipient = !waiting.empty()    ? waiting[whose]->recipient
                         : attempts_.empty() ? 0
                                             : attempts_.front().recipient;
    arrivals_.push_back(arrivals);
  }
  unknown_.clear();
  std::stable_sort(arrivals_.begin(), arrivals_.end(), by_recipient);
  std::size_t kept = 0;
  for (std::size_t place = 1; place < arrivals_.size(); ++place) {
    if (arrivals_[place].recipient == arrivals_[kept].recipient) {
      join(arrivals_[kept], arrivals_[place]);
    } else {
      arrivals_[++kept] = arrivals_[place];
    }
  }
  arrivals_.erase(arrivals_.begin() + static_cast<std::ptrdiff_t>(kept) + 1, arrivals_.end());
}

Conclusion MessageFold::conclusion(const Attempts* sent, const Arrivals* taken,
                                   const Knowledge& knowledge) {
  Conclusion result{.sent = sent, .taken = taken};
  result.recipient = sent != nullptr ? sent->recipient : taken->recipient;
  const bool bounced = taken != nullptr && taken->copies == 0;
  const bool seen = taken != nullptr && !bounced;
  const bool accepted = sent != nullptr && sent->accepted > 0;
  // A source that died may have sent what it says nothing of, or sent again what was refused.
  const bool doubtful =
      !accepted && ((sent != nullptr && sent->in_doubt > 0) || !knowledge.all_sent);
  if (accepted) {
    result.verdict = seen                  ? Verdict::delivered
                     : bounced             ? Verdict::bounced
                     : knowledge.all_taken ? Verdict::lost
                                           : Verdict::undecided;
  } else if (taken != nullptr) {
    result.verdict = !doubtful ? Verdict::unexpected
                     : seen    ? Verdict::doubt_seen
                               : Verdict::bounced;
  } else if (sent->in_doubt > 0) {
    result.verdict = Verdict::doubt_unseen;
  } else {
    result.verdict =
        sent->decisive.outcome == SentOutcome::refused ? Verdict::refused : Verdict::never_sent;
  }
  if (!seen) return result;
  result.copies = taken->copies;
  result.worst = taken->worst;
  // As often as the server may have taken it, it may come; how often a source that died has sent
  // what it says nothing of, nobody knows.
  const bool uncounted = doubtful && !knowledge.all_sent;
  const std::uint32_t rightly =
      sent == nullptr ? 1 : std::max<std::uint32_t>(1, sent->accepted + sent->in_doubt);
  // A yes that may not have gone out excuses one copy that came behind it.
  const std::uint32_t excused =
      taken->unconfirmed - (knowledge.one_clock ? taken->unconfirmed_last : 0);
  const std::uint32_t counted = taken->copies - excused;
  if (!uncounted && counted > rightly) result.surplus = counted - rightly;
  result.late = (accepted || (sent != nullptr && sent->in_doubt > 0)) &&
                taken->first - sent->decisive.acknowledged > knowledge.late_after;
  return result;
}

}  // namespace millrace::proof
