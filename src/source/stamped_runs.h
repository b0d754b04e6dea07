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
  // Where stamps are asked for. `workload` and `signals` must outlive this. Makes no file where the
  // journals of sinks are not what they should be. Throws Fatal.
  StampedRuns(const SourceOptions& options, const mail::Workload& workload,
              threads::SignalWatch& signals)
      : journal(checked(options), workload, options.plan.hello_verb == smtp::Verb::lhlo,
                options.threads) {
    if (!options.end_to_end) return;
    end_to_end.emplace(*options.end_to_end, journal.stamps().header(), options.threads, signals);
  }

  SentJournal journal;
  std::optional<EndToEndWatch> end_to_end;

 private:
  static const StampOptions& checked(const SourceOptions& options) {
    if (options.end_to_end) check_sink_journals(*options.end_to_end);
    return *options.stamp;
  }
};

}  // namespace millrace::source
