#pragma once

#include <string>
#include <string_view>

#include "smtp/server_policy.h"
#include "smtp/server_profile.h"

namespace millrace::smtp {

// The server's side of AUTH (RFC 4954): which mechanism is asked for, and what is replied to the
// command and to each response. What a mechanism says is the policy's.
class ServerAuthentication {
 public:
  // Both must outlive this.
  ServerAuthentication(const ServerProfile& profile, ServerPolicy& policy)
      : profile_(profile), policy_(policy) {}

  // Takes the arguments of AUTH, then the responses. Returns the reply, which stays until the
  // next call.
  std::string_view begin(std::string_view arguments);
  std::string_view respond(std::string_view line);

  // A response is awaited.
  [[nodiscard]] bool going_on() const { return going_on_; }

  // TLS has come: who the client said it was is forgotten (RFC 3207, 4.2).
  void forget() { authenticated_ = false; }

 private:
  std::string_view take_step(const AuthenticationStep& step);

  const ServerProfile& profile_;
  ServerPolicy& policy_;
  std::string challenge_;  // the reply that carries it
  bool going_on_ = false;
  bool authenticated_ = false;
};

}  // namespace millrace::smtp
