#pragma once

#include <cstddef>

#include "sink/recorder.h"
#include "sink/session_observer.h"

namespace millrace::sink {

// What one session adds to what its thread counts.
class SessionRecorder final : public SessionObserver {
 public:
  // `recorder` must outlive this.
  explicit SessionRecorder(Recorder& recorder) : recorder_(recorder) {}

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void secured(const Handshake& handshake) override;
  void failed(metrics::Error kind, std::string_view what) override;
  void ended(Ending ending, int error, TimePoint now) override;

  void commanded(smtp::Verb verb, std::string_view arguments) override;
  void greeted(smtp::Verb verb, std::string_view name) override;
  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  smtp::Storage message_complete() override;
  void message_answered(std::size_t accepted) override;
  void replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) override;

 private:
  Recorder& recorder_;
  TimePoint begun_;
  std::size_t recipients_ = 0;  // of the transaction; none: there is no message to be answered
  bool complete_ = false;       // its message waits for its reply
};

}  // namespace millrace::sink
