// source/ pours mail into a server: sessions, workers and what they share in a run. It knows
// no option names.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/distribution.h"
#include "base/roll.h"
#include "mail/message.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/proxy_header.h"
#include "net/tls_context.h"
#include "sasl/users.h"
#include "smtp/client_plan.h"
#include "source/clients/misbehaviour.h"
#include "source/connection_mix.h"
#include "source/end_to_end_options.h"
#include "source/load.h"
#include "source/message_log.h"
#include "source/part.h"
#include "source/stamps.h"

namespace millrace::source {

// The pause of a session before each of its messages, in ticks of Duration.
struct Pause {
  Distribution length = Constant{0};

  [[nodiscard]] bool none() const {
    const auto* const constant = std::get_if<Constant>(&length);
    return constant != nullptr && constant->value == 0;
  }
  [[nodiscard]] Duration draw(Roll& roll) const {
    return Duration(static_cast<Duration::rep>(millrace::draw(length, roll, kLongest)));
  }

  static constexpr double kLongest = 3e17;  // some nine years
};

// What is to become of the run when the server refuses or goes away.
enum class OnTrouble : std::uint8_t {
  stop,
  warn,   // carry on, with a warning each; a failed connect stops it all the same
  count,  // carry on, with a warning for the first of each kind
};

// Everything that the source is told at start. Numbers of messages, sessions and clients, and the
// load, are those of the whole run, whichever part of it this process has.
struct SourceOptions {
  net::Endpoint endpoint;
  int address_family = 0;                   // AF_INET, AF_INET6 or AF_UNSPEC
  std::optional<int> window;                // bytes; caps the TCP window
  std::vector<std::string> bind_addresses;  // to connect from, see net/address_pool.h; empty: any
  std::string bind_ports;
  std::optional<net::ProxyVersion> proxy;  // the header that goes ahead
  std::string proxy_source;                // the client it names, may be "[gen]"; empty: this one
  unsigned connect_attempts = 1;

  std::optional<net::TlsClientOptions> tls;  // may be of clients that misbehave alone
  bool tls_from_start = false;               // else after STARTTLS
  smtp::ClientPlan plan;
  std::optional<ConnectionMix> mix;  // where connections differ in what the plan says
  std::string xclient;         // attributes of XCLIENT, see mail/generated.h; empty: none is sent
  std::string auth_mechanism;  // in capitals; empty: AUTH is not sent
  std::vector<sasl::User> users;                  // sessions take turns in them
  mail::MessageOptions message;                   // what is sent, but for what `traffic` says of it
  std::shared_ptr<const mail::Workload> traffic;  // null: the same message all the time

  Part part;  // of the run, which is this process's
  std::optional<std::chrono::system_clock::time_point> start_at;  // none: as soon as it is ready
  std::uint64_t messages = 1;                                     // over all sessions, at most
  unsigned sessions = 1;                  // at once, of good clients; 0: there are only others
  std::vector<MisbehavingGroup> clients;  // the others, beside those sessions
  bool keep_session = false;              // for the next message
  std::uint64_t session_messages = 0;     // then it is renewed; 0: no limit
  OnTrouble on_trouble = OnTrouble::stop;
  Pause pause;
  Load load;
  Duration reply_limit = std::chrono::seconds(300);

  std::optional<LogTarget> log;  // of every message
  std::optional<StampOptions>
      stamp;  // messages are stamped, and a journal says what became of them
  std::optional<EndToEndOptions> end_to_end;  // of these, by the journals of sinks

  bool measure = false;  // else nothing is counted or timed
  bool show_counter = false;
  bool verbose = false;
  unsigned threads = 1;
  const net::Engine* engine = &net::engines().back();

  // Whether good clients turn to TLS.
  [[nodiscard]] bool turns_to_tls() const {
    return tls_from_start || plan.wanted.has(smtp::Extension::starttls);
  }

  // All clients that misbehave.
  [[nodiscard]] unsigned all_clients() const {
    unsigned all = 0;
    for (const MisbehavingGroup& group : clients) all += group.sessions;
    return all;
  }
  // All that this process may have open at once.
  [[nodiscard]] unsigned own_sessions() const {
    return static_cast<unsigned>(part.share(sessions) + part.share(all_clients()));
  }

  // Whether a connection that has carried so many messages may carry another one; and whether that
  // may follow without a pause, even before those have been answered.
  [[nodiscard]] bool may_reuse(std::uint64_t carried) const {
    return keep_session && (session_messages == 0 || carried < session_messages);
  }
  [[nodiscard]] bool may_go_on(std::uint64_t carried) const {
    return may_reuse(carried) && pause.none();
  }
};

// What a run with these options sends.
std::shared_ptr<const mail::Workload> workload_of(const SourceOptions& options);

}  // namespace millrace::source
