#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/address_pool.h"
#include "net/endpoint.h"
#include "net/event_loop.h"
#include "net/tls_context.h"
#include "sasl/server.h"
#include "sink/rules.h"
#include "smtp/server_profile.h"

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

// Everything that the sink is told at start.
struct SinkOptions {
  net::Endpoint endpoint;
  int address_family = 0;  // AF_INET, AF_INET6 or AF_UNSPEC
  int backlog = 0;
  std::optional<int> window;          // bytes; caps the TCP window
  std::vector<net::Network> proxies;  // whose connections begin with a PROXY header

  std::optional<net::TlsServerOptions> tls;
  bool tls_from_start = false;  // else after STARTTLS
  sasl::UserTable users;        // who may authenticate, where AUTH is carried out
  smtp::ServerProfile profile;
  std::vector<net::Network> xclient_from;  // whose XCLIENT is believed, where it takes effect
  Rules rules;
  std::optional<Duration> content_delay;  // before the first read after the 354
  std::optional<Duration> abort_delay;    // after the 354: wait, refuse, close

  Duration idle_limit = std::chrono::seconds(100);
  std::optional<Duration> session_time_limit;
  std::optional<std::size_t> session_limit;    // at once; none: what descriptors allow
  std::optional<std::uint64_t> message_quota;  // end after so many messages
  std::optional<std::uint64_t> quit_quota;     // end after so many sessions that said QUIT

  CaptureOptions capture;
  bool measure = false;  // else only what the quotas need is counted
  bool show_counters = false;
  bool verbose = false;

  std::string root_directory;  // chroot there; empty: do not
  std::string user;            // become this user; empty: nobody, when started by root
  unsigned threads = 1;
  const net::Engine* engine = &net::engines().back();
};

}  // namespace millrace::sink
