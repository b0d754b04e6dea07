#pragma once

#include <optional>

#include "sink/append_log.h"
#include "sink/ledger.h"
#include "sink/options.h"
#include "smtp/server_profile.h"

namespace millrace::sink {

// What all workers of a sink use together. Read-only, but for the parts that say how they are
// shared.
struct Shared {
  const SinkOptions& options;
  const smtp::ServerReplies replies;
  AppendLog* append_log;  // null unless messages are appended to one file
  Ledger& ledger;
  SessionLimit& session_limit;
};

}  // namespace millrace::sink
