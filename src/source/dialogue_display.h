#pragma once

#include <cstddef>
#include <string_view>

#include "base/diagnostics.h"
#include "base/output.h"
#include "net/socket.h"
#include "net/tls_filter.h"
#include "smtp/client_plan.h"
#include "smtp/reply.h"

namespace millrace::source {

// What -v shows of a session: where it connects to, each reply, each command, and content as its
// length. Without -v nothing is shown.
class DialogueDisplay {
 public:
  explicit DialogueDisplay(bool verbose) : verbose_(verbose) {}

  [[nodiscard]] bool verbose() const { return verbose_; }

  void trying(const net::SocketAddress& address) const;
  // A try failed, as `what` says, and the next one follows at once.
  void passed_over(std::string_view what) const;
  void secured(const net::TlsFilter& tls) const;
  void replied(const smtp::PendingCommand& command, const smtp::Reply& reply,
               smtp::Outcome outcome) {
    if (verbose_) show_reply(command, reply, outcome);
  }

  // Shows what `out` gained from position `from` on. `secret`: that its text stays unsaid.
  void sent(const Output& out, std::size_t from, bool secret);

 private:
  void show_reply(const smtp::PendingCommand& command, const smtp::Reply& reply,
                  smtp::Outcome outcome);

  const bool verbose_;
  bool content_first_ = false;  // what is sent next begins with the content that a 354 asked for
};

}  // namespace millrace::source
