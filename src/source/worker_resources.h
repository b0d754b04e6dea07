#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/roll.h"
#include "net/event_loop.h"
#include "sasl/gnu_sasl.h"
#include "source/content_stamper.h"
#include "source/delivery.h"
#include "source/load_model.h"
#include "source/recorder.h"
#include "source/retry_queue.h"
#include "source/split_recorder.h"

namespace millrace::source {

// What the sessions of one worker share: all that they know of it.
struct WorkerResources {
  WorkerResources(net::EventLoop& its_loop, bool authenticates)
      : loop(its_loop), sasl(sasl::open_library_if(authenticates)) {}

  net::EventLoop& loop;
  sasl::Library sasl;                     // null unless AUTH is carried out
  std::optional<SplitRecorder> splits;    // where the run is measured and its messages differ
  std::optional<Recorder> recorder;       // from the begin of the run on, where it is measured
  std::optional<ContentStamper> stamper;  // where messages are stamped
  std::optional<RetryQueue> retries;      // the same, where messages come back
  std::unique_ptr<LoadModel> load_model;  // from the begin of the run on
  std::vector<DeliveryObserver*> delivery_observers;  // before sessions are made; mostly none
  Roll random{random_seed()};
  std::size_t sessions_left = 0;  // that have, or may get, a message to send
};

}  // namespace millrace::source
