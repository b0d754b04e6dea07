#pragma once

#include <cstddef>
#include <memory>
#include <random>

#include "sasl/gnu_sasl.h"
#include "sasl/server.h"
#include "sink/options.h"
#include "sink/quotas.h"
#include "smtp/server_policy.h"

namespace millrace::sink {

// What the sink's options decide in one session: its rules, its quotas, who may authenticate.
class SessionPolicy final : public smtp::ServerPolicy {
 public:
  // All must outlive this. `sasl`: null unless AUTH is carried out.
  SessionPolicy(const SinkOptions& options, Quotas& quotas, std::mt19937& random, Gsasl* sasl)
      : options_(options), quotas_(quotas), random_(random), sasl_library_(sasl) {}

  smtp::Decision decide(smtp::Verb verb, std::string_view arguments) override;
  smtp::Decision decide_content() override;
  bool admit_message() override;
  smtp::AuthenticationStep start_authentication(std::string_view mechanism,
                                                std::optional<std::string_view> initial) override;
  smtp::AuthenticationStep continue_authentication(std::string_view response) override;

  // The messages that were admitted have been answered, but for so many.
  void messages_answered(std::size_t but = 0);

  // The session is over; `quit`: its QUIT was answered.
  void ended(bool quit);

 private:
  smtp::AuthenticationStep taken(smtp::AuthenticationStep step);

  const SinkOptions& options_;
  Quotas& quotas_;
  std::mt19937& random_;
  Gsasl* sasl_library_;
  std::unique_ptr<sasl::Server> sasl_;  // during AUTH
  std::size_t messages_due_ = 0;        // that were admitted and are not answered yet
  bool quit_admitted_ = false;
};

}  // namespace millrace::sink
