#pragma once

#include <optional>

#include "mail/workload.h"
#include "source/end_to_end_watch.h"
#include "source/options.h"
#include "source/sent_journal.h"

namespace millrace::source {

// What goes with the stamps of a run, or of several that are made one after the other with one
// stamp, and whose messages have numbers that go on: the journal, and who follows the messages.
struct StampedRuns {
  // Where stamps are asked for. `workload` must outlive this. Throws Fatal.
  StampedRuns(const SourceOptions& options, const mail::Workload& workload)
      : journal(*options.stamp, workload, options.plan.hello_verb == smtp::Verb::lhlo,
                options.threads) {
    if (!options.end_to_end) return;
    end_to_end.emplace(*options.end_to_end, journal.stamps().header(), options.threads);
  }

  SentJournal journal;
  std::optional<EndToEndWatch> end_to_end;
};

}  // namespace millrace::source
