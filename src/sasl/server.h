#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sasl/gnu_sasl.h"
#include "sasl/users.h"
#include "smtp/server_policy.h"

namespace millrace::sasl {

// Whom a server lets in: the users of a file, or everybody.
class UserTable {
 public:
  // Everybody.
  UserTable() = default;
  explicit UserTable(const std::vector<User>& users);

  [[nodiscard]] bool everybody() const { return passwords_.empty(); }
  // Null when there is no such user.
  [[nodiscard]] const std::string* password(const std::string& name) const;

 private:
  std::unordered_map<std::string, std::string> passwords_;
};

// The server's side of one exchange.
class Server {
 public:
  // Both must outlive this.
  Server(Gsasl* library, const UserTable& users) : library_(library), users_(users) {}

  // `mechanism`: of kMechanisms, of kOpenMechanisms where everybody is let in.
  smtp::AuthenticationStep begin(std::string_view mechanism,
                                 std::optional<std::string_view> initial);
  smtp::AuthenticationStep respond(std::string_view response);

  // Whose exchange it was, once a step has accepted him; where everybody is let in, as the client
  // says it.
  [[nodiscard]] const std::string& user() const { return user_; }

 private:
  smtp::AuthenticationStep respond_as_usual(std::string_view response);
  smtp::AuthenticationStep accept_anybody(std::string_view response);
  smtp::AuthenticationStep judge_token(std::string_view response);

  Gsasl* library_;
  const UserTable& users_;
  Exchange exchange_ = no_exchange();
  std::string mechanism_;
  std::string user_;
  std::size_t responses_ = 0;
  bool done_ = false;     // only an empty response is still due
  bool refused_ = false;  // the same, after a token was refused
};

}  // namespace millrace::sasl
