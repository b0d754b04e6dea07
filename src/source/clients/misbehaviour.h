#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cache_line.h"
#include "mail/clients/client_kind.h"
#include "mail/clients/script.h"
#include "metrics/client_metrics.h"
#include "net/tls_context.h"

namespace millrace::source {

// Clients of one behaviour, and how many there are at once.
struct MisbehavingGroup {
  mail::ClientBehaviour behaviour;
  unsigned sessions = 0;
};

// What all clients of a run that misbehave share: their scripts, which are made once, and how many
// connections they may still make.
class Misbehaviour {
 public:
  // `tls`: what the good clients are told of it, if anything. `connections`: that may be made,
  // where there is an end of them. Throws Fatal.
  Misbehaviour(const std::vector<MisbehavingGroup>& groups, const mail::ClientIdentity& identity,
               const std::optional<net::TlsClientOptions>& tls,
               std::optional<std::uint64_t> connections);

  // The scripts that one client takes in turn: those from `first` on.
  struct Cast {
    std::size_t first = 0;
    std::size_t number = 1;
    std::size_t begin = 0;  // which of them it begins with, from 0
  };

  // All of them at once.
  [[nodiscard]] unsigned clients() const { return clients_; }
  // That of a client by its number, from 0.
  [[nodiscard]] Cast cast(unsigned client) const;
  [[nodiscard]] const mail::Script& script(std::size_t number) const { return scripts_[number]; }
  // For a script.
  [[nodiscard]] const net::TlsContext& tls(const mail::Script& script) const {
    return script.renegotiates ? renegotiating_ : tls_;
  }

  // Where one thread counts what becomes of them: an element a script.
  [[nodiscard]] std::vector<metrics::ClientMetrics> uncounted() const { return empty_; }

  // Whether one more connection may be made: it is counted then, whether or not it comes about.
  bool take_connection();
  [[nodiscard]] bool connections_left() const { return !limited_ || connections_left_.load() > 0; }

  // Whether no connect has failed with this errno value before.
  bool first_failure(int error);

 private:
  static constexpr std::size_t kErrors = 256;  // more than there are errno values

  struct Part {
    unsigned clients = 0;
    Cast cast;
  };

  std::vector<Part> parts_;
  std::vector<mail::Script> scripts_;
  std::vector<metrics::ClientMetrics> empty_;
  unsigned clients_ = 0;
  const net::TlsContext tls_;
  const net::TlsContext renegotiating_;
  const bool limited_;
  // What all workers write, apart from what they read.
  alignas(kCacheLine) std::atomic<std::uint64_t> connections_left_;
  std::array<std::atomic<bool>, kErrors> failures_{};
};

}  // namespace millrace::source
