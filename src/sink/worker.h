#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "net/event_loop.h"
#include "net/timers.h"
#include "sink/connection.h"
#include "sink/listening_sockets.h"
#include "sink/recorder.h"
#include "sink/rules/in_force.h"
#include "sink/shared.h"
#include "sink/store/keeper.h"
#include "sink/verify/verifier.h"
#include "threads/second_clock.h"
#include "threads/worker_threads.h"

namespace millrace::sink {

// One thread of the sink: a loop, what it accepts from and its connections.
class Worker final : public threads::Worker, private net::TimerHandler {
 public:
  // `sockets`: to accept from. `on_place_free`: called when a session has ended while all places
  // were taken; it is to wake all workers. Throws Fatal.
  Worker(const Shared& shared, const std::vector<ListeningSocket>& sockets,
         std::function<void()> on_place_free);
  ~Worker() override;

  // Serves until it is to end: then no more sessions, what is due is sent, and it returns.
  void run() override;

  // Ends: in order, when what is due takes a second at most, or without that. Or else accepts again
  // where that had to wait for a place, and takes the rules that hold now.
  void woken(threads::Urgency urgency) override;

  [[nodiscard]] const Shared& shared() const { return shared_; }
  [[nodiscard]] rules::WorkerRules& rules() { return rules_; }
  [[nodiscard]] Gsasl* sasl() const { return sasl_.get(); }

  // Null when nothing is measured, and nobody may ask.
  [[nodiscard]] Recorder* recorder() { return recorder_ ? &*recorder_ : nullptr; }

  // Null unless somebody may ask.
  [[nodiscard]] ClientTable* clients() { return shared_.live != nullptr ? &clients_ : nullptr; }
  // Null when nothing is verified.
  [[nodiscard]] Verifier* verifier() { return verifier_ ? &*verifier_ : nullptr; }
  // Null when nothing is kept.
  [[nodiscard]] Keeper* keeper() { return keeper_ ? &*keeper_ : nullptr; }
  // Its message is to be answered once the records of this turn are written.
  void await_record(Connection& connection) { awaiting_.push_back(&connection); }

  // The connection has ended; it is destroyed. `silent`: its client went without a word.
  void remove(Connection& connection, bool quit, bool silent);

 private:
  // What accepting pauses for. Only time ends a lack of resources: a try takes a place and gives
  // it back, which looks like the end of a session, and must not be what the next try waits for.
  enum class Lack : std::uint8_t { none, place, resources };

  // Accepts what waits at one listening socket.
  class Acceptor final : public net::PollHandle {
   public:
    Acceptor(Worker& worker, const ListeningSocket& socket)
        : PollHandle(socket.descriptor), worker_(worker), listener_(socket.listener) {}
    void on_readable() override;

    Lack lack = Lack::none;

   private:
    Worker& worker_;
    const OpenListener& listener_;
  };

  void adopt(const OpenListener& listener, FileDescriptor socket, const net::SocketAddress& peer);
  void pause(Acceptor& acceptor, int error);
  void resume(Lack lack);
  [[nodiscard]] Counts count_so_far();
  void on_timer(net::Timer& timer) override;
  void turn(std::optional<TimePoint> limit);
  [[nodiscard]] bool left_behind() const;
  void settle();
  void record();
  void drain();

  const Shared& shared_;
  std::function<void()> on_place_free_;
  rules::WorkerRules rules_;
  sasl::Library sasl_;  // null unless AUTH is carried out
  std::optional<Recorder> recorder_;
  std::size_t live_number_ = 0;  // of this worker, where somebody may ask
  ClientTable clients_;          // the same
  std::optional<Verifier> verifier_;
  std::optional<Keeper> keeper_;
  std::optional<threads::SecondClock> second_clock_;
  net::Timer retry_timer_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> awaiting_;   // their records to be written
  std::vector<Connection*> recording_;  // those that are being told, so that the storage is kept
  bool kept_ = true;                    // whatever was settled in this turn
  threads::Urgency urgency_ = threads::Urgency::none;
};

}  // namespace millrace::sink
