#include "report/proof/journal_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "report/text.h"

namespace millrace::report {
namespace {

using proof::JournalRead;

constexpr std::size_t kMostNotes = 8;  // of one sort: there may be a thousand journals

using Sentence = std::function<std::string(const JournalRead& journal)>;

// A sentence on each of those that it has something to say of.
void tell_of(const std::vector<JournalRead>& journals, bool warning, const Sentence& sentence,
             std::vector<JournalNote>& notes) {
  std::size_t told = 0;
  for (const JournalRead& journal : journals) {
    const std::string text = sentence(journal);
    if (text.empty()) continue;
    if (++told <= kMostNotes) notes.push_back({journal.path + " " + text, warning});
  }
  if (told > kMostNotes) {
    notes.push_back({fmt::format("the same of {} more", told - kMostNotes), warning});
  }
}

std::string broke_off(const JournalRead& journal, std::string_view consequence) {
  if (!journal.broke_off) return {};
  const std::string cut =
      journal.left_out == 0
          ? std::string()
          : fmt::format(" in the middle of a block ({} bytes left out)", journal.left_out);
  return fmt::format("broke off{}: {}", cut, consequence);
}

std::string seconds(proof::Micros time) {
  return fmt::format("{:.6g}s", static_cast<double>(time.count()) / 1e6);
}

std::string shown_span(proof::Micros time) { return latency(static_cast<double>(time.count())); }

std::string clock_of_source(const JournalRead& journal) {
  if (journal.one_clock) return {};
  if (journal.offset.count() == 0) return "has another clock than the first, which is believed";
  return fmt::format("has another clock than the first, to which {} were added: it is a sink's too",
                     seconds(journal.offset));
}

// What a run tells of a clock: nothing arrives before it is sent, so that the shortest way bounds
// how far ahead the sink's is. Of how far it is behind a run says nothing.
std::string clock_of_sink(const JournalRead& journal, proof::Micros offset) {
  if (journal.one_clock) return {};
  std::string text = "has another clock";
  if (offset.count() != 0) text += fmt::format(", to which {} were added", seconds(offset));
  if (!journal.shortest) return text + ": nothing arrived that would tell how far it is off";
  if (*journal.shortest < proof::Micros{0}) {
    const proof::Micros behind = -*journal.shortest;
    return text + fmt::format(
                      ": it is behind by {} at least, and latencies are too short by that "
                      "(--clock-offset {} or more)",
                      shown_span(behind), seconds(offset + behind));
  }
  return text + fmt::format(
                    ": it is ahead by {} at most, as nothing arrives before it is sent; how "
                    "far it is behind, a run cannot tell",
                    shown_span(*journal.shortest));
}

}  // namespace

std::vector<JournalNote> journal_notes(const ProofReport& report) {
  const proof::Reconciliation& result = report.result;
  std::vector<JournalNote> notes;
  tell_of(
      result.sent, true,
      [](const JournalRead& journal) {
        return broke_off(journal,
                         "what arrived and is not accepted in it is in doubt; what was accepted "
                         "and is neither in it nor arrived is not known");
      },
      notes);
  tell_of(
      result.sent, true,
      [](const JournalRead& journal) {
        return std::string(journal.unseen && journal.records > 0
                               ? "is of a run that no sink has seen anything of"
                               : "");
      },
      notes);
  tell_of(
      result.taken, true,
      [](const JournalRead& journal) {
        return std::string(journal.forged_only
                               ? "has no stamp but forged ones: its key is not that of the source"
                               : "");
      },
      notes);
  const char* const consequence =
      result.all_taken ? "another sink's goes on behind it, so nothing is undecided"
                       : "what was accepted and is in no journal is undecided, not lost";
  tell_of(
      result.taken, true,
      [&](const JournalRead& journal) { return broke_off(journal, consequence); }, notes);
  tell_of(
      result.taken, true,
      [](const JournalRead& journal) {
        return std::string(journal.unchecked ? "has tags that were not checked: the sink had no key"
                                             : "");
      },
      notes);
  if (result.whose_unknown > 0) {
    notes.push_back(
        {fmt::format(
             "{} of several recipients came at several moments in copies that do not say "
             "for whom: two for one recipient may hide that another has none",
             count(result.whose_unknown) + (result.whose_unknown == 1 ? " message" : " messages")),
         true});
  }
  const auto exact = [](const JournalRead& journal) { return journal.one_clock; };
  if (std::all_of(result.sent.begin(), result.sent.end(), exact) &&
      std::all_of(result.taken.begin(), result.taken.end(), exact)) {
    notes.push_back({"all have one clock: times are exact"});
  }
  tell_of(result.sent, true, clock_of_source, notes);
  tell_of(
      result.taken, true,
      [&](const JournalRead& journal) { return clock_of_sink(journal, report.clock_offset); },
      notes);
  if (result.beyond_series > 0) {
    notes.push_back(
        {count(result.beyond_series) + " events came after two weeks, the end of series", true});
  }
  return notes;
}

}  // namespace millrace::report
