#include "proof/fault.h"

#include <cstring>

#include "proof/entry.h"

namespace millrace::proof {

std::size_t sort_of(const Conclusion& conclusion) {
  const std::size_t what = (conclusion.surplus > 0 ? 4U : 0U) + (conclusion.late ? 2U : 0U) +
                           (is_altered(conclusion.worst) ? 1U : 0U);
  return static_cast<std::size_t>(conclusion.verdict) * 8 + what;
}

std::size_t sort_of_stray(TakenVerdict verdict) {
  return kVerdicts * 8 + (is_stamped(verdict) ? 0U : verdict == TakenVerdict::unstamped ? 1U : 2U);
}

bool is_fault(const Conclusion& conclusion) {
  switch (conclusion.verdict) {
    case Verdict::delivered:
      return conclusion.surplus > 0 || conclusion.late || is_altered(conclusion.worst);
    case Verdict::refused:
    case Verdict::never_sent:
      return false;
    case Verdict::lost:
    case Verdict::bounced:
    case Verdict::undecided:
    case Verdict::doubt_seen:
    case Verdict::doubt_unseen:
    case Verdict::unexpected:
      break;
  }
  return true;
}

Fault fault_of(const Conclusion& conclusion, const Journal& from, std::uint64_t message,
               const std::vector<Journal>& taken) {
  Fault fault{.sort = sort_of(conclusion),
              .verdict = conclusion.verdict,
              .copies = conclusion.copies,
              .surplus = conclusion.surplus,
              .late = conclusion.late,
              .comparison = conclusion.worst,
              .run = to_text(from.header.run),
              .message = message,
              .recipient = conclusion.recipient};
  if (const Attempts* const attempts = conclusion.sent; attempts != nullptr) {
    fault.code = attempts->decisive.code;
    fault.sent_text = text_at(from.file, attempts->text);
    fault.due = attempts->decisive.due;
    fault.sent = attempts->decisive.sent;
    fault.acknowledged = attempts->decisive.acknowledged;
  }
  if (const Arrivals* const arrivals = conclusion.taken; arrivals != nullptr) {
    const Journal& to = taken[journal_of(arrivals->origin)];
    fault.taken_text = text_at(to.file, place_of(arrivals->origin));
    fault.taken_in = to.read.path;
    fault.taken = arrivals->first;
  }
  return fault;
}

Fault stray(const TakenRecord& record, std::string_view run, const Journal& journal,
            std::uint64_t text) {
  Fault fault{.sort = sort_of_stray(record.verdict),
              .copies = record.bounced ? 0U : 1U,
              .comparison = record.verdict,
              .message = record.message,
              .recipient = record.recipient,
              .taken_text = text_at(journal.file, text),
              .taken_in = journal.read.path,
              .taken = record.taken};
  if (RunId id; run.size() == sizeof id) {
    std::memcpy(&id, run.data(), sizeof id);
    fault.run = to_text(id);
  }
  return fault;
}

}  // namespace millrace::proof
