// How a message waits for its record in the journal, and is answered then.

#include <memory>
#include <utility>

#include "sink/connection.h"
#include "sink/worker.h"

namespace millrace::sink {

VerifyObserver* Connection::add_verify() {
  Verifier& verifier = *worker_.verifier();
  auto verify =
      std::make_unique<VerifyObserver>(verifier, verifier.shared().listener(listener_.name));
  VerifyObserver* const added = verify.get();
  observers_.add(std::move(verify));
  return added;
}

// Reading goes on, since it is over with this turn of the loop.
void Connection::await_record() {
  if (std::exchange(awaits_record_, true)) return;
  stream_.expect_output(true);
  worker_.await_record(*this);
}

void Connection::recorded(bool kept) {
  awaits_record_ = false;
  if (stream_.finishing()) return;
  stream_.expect_output(false);
  tell_time();
  session_.recorded(verify_ != nullptr ? verify_->kept(kept) : kept, stream_.output());
  after_step();
  stream_.flush();
  if (stream_.finishing()) return;
  if (too_long()) return dismiss();
  const bool waits = go_on_at_ || session_.phase() == smtp::ServerSession::SessionPhase::replying;
  if (!waits) stream_.release();
}

}  // namespace millrace::sink
