#pragma once

#include <atomic>

#include "net/tls_context.h"
#include "sink/append_log.h"
#include "sink/options.h"
#include "sink/quotas.h"
#include "sink/recordings.h"
#include "smtp/server_profile.h"

namespace millrace::sink {

// What all workers of a sink use together. Read-only, but for the parts that say how they are
// shared.
struct Shared {
  const SinkOptions& options;
  const smtp::ServerReplies replies;
  const net::TlsContext* tls;  // null when none is offered
  AppendLog* append_log;       // null unless messages are appended to one file
  Quotas& quotas;
  SessionLimit& session_limit;
  Recordings* recordings;         // null when nothing is measured
  std::atomic<bool>& told_pause;  // whether a worker has told that accepting pauses
};

}  // namespace millrace::sink
