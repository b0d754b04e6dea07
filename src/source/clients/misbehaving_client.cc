#include "source/clients/misbehaving_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/address_pool.h"
#include "net/proxy_header.h"

namespace millrace::source {
namespace {

// Who reads slowly has room for no more than this at a time (bytes).
constexpr int kSmallWindow = 4'096;

}  // namespace

MisbehavingClient::MisbehavingClient(net::EventLoop& loop, Run& run, unsigned number,
                                     std::vector<metrics::ClientMetrics>& counted)
    : loop_(loop),
      run_(run),
      shared_(*run.misbehaviour()),
      cast_(shared_.cast(number)),
      counted_(counted),
      player_(loop, *this, &shared_.tls(shared_.script(cast_.first)), run.options().tls_from_start,
              run.options().reply_limit),
      timer_(*this),
      turn_(cast_.begin) {}

void MisbehavingClient::connect() {
  if (!shared_.take_connection()) {
    done_ = true;
    return;
  }
  asked_ = loop_.now();
  const mail::Script& script = shared_.script(cast_.first + turn_);
  FileDescriptor socket = open(script);
  if (socket.valid()) {
    return player_.play(script, std::move(socket), run_.addresses()[address_], counted());
  }
  ++counted().counts.refused;
  back_off();
}

// Invalid when there is none left, or none that can be bound. It closes in order, as good clients'
// do not: how a connection ends is what matters here.
FileDescriptor MisbehavingClient::open(const mail::Script& script) {
  const int family = run_.addresses()[address_].family();
  FileDescriptor socket(::socket(family, SOCK_STREAM | loop_.socket_flags(), 0));
  if (!socket.valid()) return socket;
  std::optional<int> window = run_.options().window;
  if (script.reads_slowly) window = kSmallWindow;
  net::configure(socket, family, {.window = window});
  net::AddressPool* const pool = run_.pool();
  if (pool == nullptr) return socket;
  for (std::uint64_t tries = 0; tries < pool->size(); ++tries) {
    const auto source = pool->next(family);
    if (!source) break;
    if (net::bind_source(socket, *source) == 0) return socket;
  }
  return {};
}

void MisbehavingClient::append_head(Output& out) {
  const auto& proxy = run_.options().proxy;
  if (!proxy) return;
  out.append(
      net::proxy_header(*proxy, player_.stream().local_address(), run_.addresses()[address_]));
}

void MisbehavingClient::not_connected(int /*error*/) {
  if (!done_) back_off();
}

void MisbehavingClient::script_over() {
  if (done_) return;
  back_off_ = kFirstBackOff;
  turn_ = (turn_ + 1) % cast_.number;
  loop_.timers().start(timer_, std::max(loop_.now(), asked_ + kShortestRound));
}

void MisbehavingClient::back_off() {
  address_ = (address_ + 1) % run_.addresses().size();
  loop_.timers().start(timer_, loop_.now() + back_off_);
  back_off_ = std::min<Duration>(back_off_ * 2, kLastBackOff);
}

void MisbehavingClient::on_timer(net::Timer& /*timer*/) { connect(); }

void MisbehavingClient::stop() {
  if (std::exchange(done_, true)) return;
  loop_.timers().stop(timer_);
  player_.stop();
}

}  // namespace millrace::source
