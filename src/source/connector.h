#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "net/event_loop.h"
#include "net/socket.h"
#include "net/stream.h"
#include "source/dialogue_display.h"
#include "source/route.h"
#include "source/run.h"
#include "source/session_record.h"
#include "source/trouble.h"

namespace millrace::source {

// The way of one session to its connections: its route, again after a while when all of that has
// failed, and at last not at all. What fails on the way is counted and told.
class Connector {
 public:
  // After a connect that failed, until the next.
  static constexpr std::chrono::milliseconds kRetryDelay{10};

  // For session number `session`, which connects by `stream`, one of `loop`. All must outlive the
  // connector.
  Connector(Run& run, std::uint64_t session, const net::EventLoop& loop, net::Stream& stream,
            SessionRecord& record, const DialogueDisplay& display)
      : run_(run),
        route_(run),
        session_(session),
        loop_(loop),
        stream_(stream),
        record_(record),
        display_(display) {}

  // Where the way has come to.
  enum class Progress : std::uint8_t {
    connecting,  // the stream does; if it ends before it is connected: failed()
    waiting,     // for kRetryDelay, then try_again()
    given_up,    // there were as many attempts as there may be: what was to be sent is lost
    run_over,
  };
  // A new connection is wanted.
  Progress begin();
  Progress try_again();
  // The connect ended with `error`, an errno value.
  Progress failed(int error);

  // The address that is connected to.
  [[nodiscard]] const net::SocketAddress& address() const { return route_.address(); }
  // The number of the connection, over all sessions.
  [[nodiscard]] std::uint64_t connection() const { return connection_; }
  // What goes ahead of the dialogue where the PROXY protocol is asked for: whose connection it is.
  [[nodiscard]] std::string proxy_header() const {
    return route_.proxy_header(connection_, stream_.local_address());
  }

 private:
  Progress no_socket(const OpenedSocket& opened);
  Progress failed(const Trouble& trouble, int error);
  Progress give_up(const Trouble& trouble);
  [[nodiscard]] std::string about_server() const { return about(session_, address().text()); }

  Run& run_;
  Route route_;
  const std::uint64_t session_;
  const net::EventLoop& loop_;
  net::Stream& stream_;
  SessionRecord& record_;
  const DialogueDisplay& display_;
  std::uint64_t attempts_ = 0;     // that have failed
  std::uint64_t connections_ = 0;  // that this session has asked for
  std::uint64_t connection_ = 0;
};

}  // namespace millrace::source
