#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sasl/client.h"
#include "smtp/client_plan.h"
#include "smtp/client_session.h"
#include "source/connection_mix.h"
#include "source/run.h"

namespace millrace::source {

// How a session speaks on its connection, as whom, and how many messages it carries there: by the
// run's options and, where connections differ, by what is drawn for this one.
class ConnectionPlan {
 public:
  // For session `number` of the run, from 0; `run` and `library` must outlive the plan.
  ConnectionPlan(const Run& run, const sasl::Library& library, std::uint64_t number);

  // There is a new connection, of this number in the run; `message`: its first one.
  void begin(std::uint64_t connection, std::uint64_t message);

  // Of this connection; valid until the next one.
  [[nodiscard]] const smtp::ClientPlan& dialogue() const;
  [[nodiscard]] smtp::ClientSession::Identity identity();

  // As SourceOptions has it, of this connection.
  [[nodiscard]] bool may_reuse(std::uint64_t carried) const;
  [[nodiscard]] bool may_go_on(std::uint64_t carried) const;

 private:
  [[nodiscard]] bool has_room(std::uint64_t carried) const;

  const Run& run_;
  std::optional<sasl::Client> authenticator_;
  std::string xclient_;                     // of this connection
  std::optional<ConnectionTraits> traits_;  // the same, where connections differ
};

}  // namespace millrace::source
