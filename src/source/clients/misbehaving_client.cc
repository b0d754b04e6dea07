#include "source/clients/misbehaving_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/diagnostics.h"

namespace millrace::source {
namespace {

// Who reads slowly has room for no more than this at a time (bytes).
constexpr int kSmallWindow = 4'096;

// Their connections are numbered from here on, apart from those of good clients: in generated
// addresses (mail/generated.h) that is the other half of the network.
constexpr std::uint64_t kFirstNumber = 1 << 16;

}  // namespace

MisbehavingClient::MisbehavingClient(net::EventLoop& loop, Run& run, unsigned number,
                                     std::vector<metrics::ClientMetrics>& counted)
    : loop_(loop),
      run_(run),
      shared_(*run.misbehaviour()),
      number_(number),
      cast_(shared_.cast(number)),
      route_(run),
      counted_(counted),
      player_(loop, *this, &shared_.tls(shared_.script(cast_.first)), run.options().tls_from_start,
              run.options().reply_limit),
      timer_(*this),
      turn_(cast_.begin) {}

void MisbehavingClient::begin() {
  if (!shared_.take_connection()) {
    done_ = true;
    return;
  }
  begun_ = loop_.now();
  ++connections_;
  route_.begin();
  connect();
}

// It closes in order, as good clients do not: how a connection ends is what matters here.
void MisbehavingClient::connect() {
  const mail::Script& script = shared_.script(cast_.first + turn_);
  std::optional<int> window = run_.options().window;
  if (script.reads_slowly) window = kSmallWindow;
  OpenedSocket opened = route_.open(loop_.socket_flags(), {.window = window});
  if (opened.socket.valid()) {
    return player_.play(script, std::move(opened.socket), route_.address(), counted());
  }
  const Trouble trouble = Route::trouble(opened, about_server());
  if (opened.fault == OpenedSocket::Fault::bind) return run_.fail(trouble.text);
  failed(trouble, opened.error);
}

void MisbehavingClient::append_head(Output& out) {
  if (!run_.options().proxy) return;
  const std::uint64_t number = kFirstNumber + number_ + shared_.clients() * (connections_ - 1);
  out.append(route_.proxy_header(number, player_.stream().local_address()));
}

void MisbehavingClient::not_connected(int error) {
  if (!done_) failed(failed_call("connect", error, about_server()), error);
}

// It is no failure before all ways to the server have been tried.
void MisbehavingClient::failed(const Trouble& trouble, int error) {
  if (route_.another(error)) return connect();
  if (shared_.first_failure(error)) warn(trouble.text);
  ++counted().counts.refused;
  begin_at(loop_.now() + back_off_);
  back_off_ = std::min<Duration>(back_off_ * 2, kLastBackOff);
}

void MisbehavingClient::script_over() {
  if (done_) return;
  back_off_ = kFirstBackOff;
  turn_ = (turn_ + 1) % cast_.number;
  begin_at(std::max(loop_.now(), begun_ + kShortestRound));
}

void MisbehavingClient::begin_at(TimePoint time) {
  if (shared_.connections_left()) return loop_.timers().start(timer_, time);
  done_ = true;
}

std::string MisbehavingClient::about_server() {
  return fmt::format(" ({}, {})", counted().kind, route_.address().text());
}

void MisbehavingClient::on_timer(net::Timer& /*timer*/) { begin(); }

void MisbehavingClient::stop() {
  if (std::exchange(done_, true)) return;
  loop_.timers().stop(timer_);
  player_.stop();
}

}  // namespace millrace::source
