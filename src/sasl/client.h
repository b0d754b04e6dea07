#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sasl/gnu_sasl.h"
#include "sasl/users.h"
#include "smtp/authenticator.h"

namespace millrace::sasl {

// The client's side of an exchange, for one user.
class Client final : public smtp::Authenticator {
 public:
  // `mechanism`: of kMechanisms, in capitals. All must outlive this.
  Client(Gsasl* library, std::string_view mechanism, const User& user)
      : library_(library), mechanism_(mechanism), user_(user) {}

  [[nodiscard]] std::string_view mechanism() const override { return mechanism_; }
  std::optional<std::string> begin() override;
  std::optional<std::string> respond(std::string_view challenge) override;
  [[nodiscard]] std::string fault() const override;

 private:
  // As respond() and its answer, without base64.
  std::optional<std::string> step(std::string_view message);
  [[nodiscard]] bool asks_too_much(std::string_view message);
  std::nullopt_t cancel(std::string why);

  Gsasl* library_;
  std::string_view mechanism_;
  const User& user_;
  Exchange exchange_ = no_exchange();
  int challenges_ = 0;
  bool done_ = false;       // nothing is left to say; in SCRAM: the server's signature was right
  std::string impossible_;  // why the exchange was cancelled
};

}  // namespace millrace::sasl
