#include "source/worker.h"

namespace millrace::source {

Worker::Worker(Run& run, unsigned first, unsigned step)
    : loop_(net::EventLoop::make(run.options().engine)),
      sasl_(sasl::open_library_if(!run.options().auth_mechanism.empty())) {
  for (unsigned number = first; number < run.options().sessions; number += step) {
    sessions_.push_back(std::make_unique<Session>(*this, run, number));
  }
  sessions_left_ = sessions_.size();
}

void Worker::run() {
  for (const auto& session : sessions_) session->start();
  while (!stopping_ && sessions_left_ > 0) loop_->turn();
}

}  // namespace millrace::source
