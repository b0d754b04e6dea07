#pragma once

#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/address_pool.h"
#include "net/event_loop.h"
#include "net/tls_context.h"
#include "proof/journal_file.h"
#include "proof/stamp_key.h"
#include "sasl/server.h"
#include "sink/listener.h"
#include "sink/rules/option_rules.h"
#include "sink/store/store_options.h"
#include "smtp/verb.h"

namespace millrace::sink {

// Where captured messages go.
struct CaptureOptions {
  enum class Mode : std::uint8_t {
    off,
    file_per_message,  // the expanded name plus eight random hexadecimal digits
    append,            // all to the file of the expanded name
  };

  Mode mode = Mode::off;
  std::string name_template;  // strftime(3), local time at the MAIL command
  std::string start_string;   // written ahead of each message
  // Bytes of a message in a dump.
  std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
};

// Where answers go that rules ask for (sink/answers/).
struct AnswerOptions {
  net::Endpoint endpoint;
  std::optional<double> rate;  // messages a second; none: as fast as the endpoint takes them
};

// What messages are held against, and where it is put on record which were taken.
struct VerifyOptions {
  std::string journal;                 // its path
  std::optional<proof::StampKey> key;  // of stamps; none: they are not checked
  proof::Sync sync = proof::Sync::none;
};

// What becomes of what clients do against the RFCs (sink/lint/).
enum class LintMode : std::uint8_t {
  count,
  strict,  // it is refused as well
};

// Where it may be asked and steered over HTTP (sink/control/).
struct HttpOptions {
  net::Endpoint endpoint;  // of TCP, with a host
  std::string token;       // that has to be shown; empty: none, on loopback only
};

// Everything that the sink is told at start.
struct SinkOptions {
  std::vector<Listener> listeners;  // one at least
  int address_family = 0;           // AF_INET, AF_INET6 or AF_UNSPEC
  int backlog = 0;
  std::optional<int> window;          // bytes; caps the TCP window
  std::vector<net::Network> proxies;  // whose connections begin with a PROXY header

  std::optional<net::TlsServerOptions> tls;  // where a listener turns to TLS
  sasl::UserTable users;                     // who may authenticate, where AUTH is carried out
  std::vector<net::Network> xclient_from;    // whose XCLIENT is believed, where it takes effect
  std::vector<std::string> rule_files;       // come before what follows
  rules::CommandOptions commands;
  std::optional<std::uint64_t> seed;     // of the dice; none: another one each time
  std::bitset<smtp::kVerbCount> logged;  // commands that go to syslog
  std::optional<AnswerOptions> answers;

  Duration idle_limit = std::chrono::seconds(100);
  std::optional<Duration> session_time_limit;
  std::optional<std::size_t> session_limit;    // at once; none: what descriptors allow
  std::optional<std::uint64_t> message_quota;  // end after so many messages
  std::optional<std::uint64_t> quit_quota;     // end after so many sessions that said QUIT
  std::optional<Duration> stop_when_idle;      // for so long, once there has been a session

  CaptureOptions capture;
  StoreOptions stores;
  std::optional<VerifyOptions> verify;
  std::optional<LintMode> lint;  // none: clients are not judged
  std::optional<HttpOptions> http;
  bool measure = false;  // else only what the quotas need is counted
  bool show_counters = false;
  bool verbose = false;

  std::string root_directory;  // chroot there; empty: do not
  std::string user;            // become this user; empty: nobody, when started by root
  unsigned threads = 1;
  const net::Engine* engine = &net::engines().back();
};

}  // namespace millrace::sink
