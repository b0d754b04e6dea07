#include "source/connector.h"

#include <cerrno>
#include <utility>

namespace millrace::source {

Connector::Progress Connector::begin() {
  route_.begin();
  attempts_ = 0;
  return try_again();
}

Connector::Progress Connector::try_again() {
  OpenedSocket opened =
      route_.open(loop_.socket_flags(), {.window = run_.options().window, .reset_on_close = true});
  if (run_.failed()) return Progress::run_over;
  if (!opened.socket.valid()) return no_socket(opened);
  display_.trying(address());
  record_.connecting(loop_.now());
  // Every connection of the run is another client: sessions take turns in the numbers.
  connection_ = session_ + run_.options().sessions * connections_++;
  stream_.connect(std::move(opened.socket), address());
  return Progress::connecting;
}

// Ends the run when the pool cannot be bound to: a good client leaves no port behind, so that it is
// too small.
Connector::Progress Connector::no_socket(const OpenedSocket& opened) {
  const Trouble trouble = Route::trouble(opened, about_server());
  if (opened.fault == OpenedSocket::Fault::socket) return failed(trouble, opened.error);
  run_.fail(trouble.text);
  return Progress::run_over;
}

Connector::Progress Connector::failed(int error) {
  return failed(failed_call("connect", error, about_server()), error);
}

Connector::Progress Connector::failed(const Trouble& trouble, int error) {
  if (route_.another(error)) {
    display_.passed_over(trouble.text);
    return try_again();
  }
  // A unix socket whose queue is full says EAGAIN: that is no failure, it was only too early.
  if (error == EAGAIN) return Progress::waiting;
  if (++attempts_ >= run_.options().connect_attempts) return give_up(trouble);
  run_.warn_of(trouble);
  return Progress::waiting;
}

Connector::Progress Connector::give_up(const Trouble& trouble) {
  record_.session_failed(trouble, loop_.now());
  run_.not_connected(trouble);
  return run_.failed() ? Progress::run_over : Progress::given_up;
}

}  // namespace millrace::source
