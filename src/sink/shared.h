#pragma once

#include <atomic>

#include "net/tls_context.h"
#include "sink/answers/answer_queue.h"
#include "sink/append_log.h"
#include "sink/control/live_counts.h"
#include "sink/faulty_certificates.h"
#include "sink/idleness.h"
#include "sink/lint/lint_totals.h"
#include "sink/options.h"
#include "sink/quotas.h"
#include "sink/recordings.h"
#include "sink/rule_book.h"
#include "sink/store/stores.h"
#include "sink/verify/verification.h"

namespace millrace::sink {

// What all workers of a sink use together. Read-only, but for the parts that say how they are
// shared.
struct Shared {
  const SinkOptions& options;
  const net::TlsContext* tls;  // null when none is offered
  AppendLog* append_log;       // null unless messages are appended to one file
  Stores* stores;              // null unless messages are kept
  AnswerQueue* answers;        // null unless there is somewhere for them to go
  Quotas& quotas;
  SessionLimit& session_limit;
  Idleness* idleness;      // null unless it ends the sink
  Recordings* recordings;  // null when nothing is measured
  LiveCounts* live;        // null unless somebody may ask what was counted so far
  RuleBook& rules;
  const FaultyCertificates* faulty_certificates;  // null unless rules may show them
  Verification* verification;                     // null unless messages are verified
  LintTotals* lint;                               // null unless clients are judged
  std::atomic<bool>& told_pause;                  // whether a worker has told that accepting pauses
};

}  // namespace millrace::sink
