#pragma once

#include <string_view>

#include "sink/capture.h"
#include "sink/session_observer.h"

namespace millrace::sink {

// Keeps the messages of one session in dump files.
class CaptureObserver final : public SessionObserver {
 public:
  // As for Capture.
  CaptureObserver(const CaptureOptions& options, std::string_view host_name, AppendLog* log)
      : capture_(options, host_name, log) {}

  void opened(const net::SocketAddress& peer, TimePoint now) override;
  void speaks_for(const net::SocketAddress& source) override;

  void greeted(smtp::Verb verb, std::string_view name) override;
  void hello_forgotten() override;
  void client_attribute(std::string_view name, std::string_view value) override;
  void mail(std::string_view arguments) override;
  void recipient(std::string_view arguments) override;
  void transaction_aborted() override;
  [[nodiscard]] bool wants_content() const override { return true; }
  void content(std::string_view bytes, smtp::Form form) override;
  smtp::Storage message_complete() override;

 private:
  CapturedSession session_;
  Capture capture_;
};

}  // namespace millrace::sink
