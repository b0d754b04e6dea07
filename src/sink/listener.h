#pragma once

#include <string>

#include "net/endpoint.h"
#include "smtp/server_profile.h"

namespace millrace::sink {

// One of the places where the sink listens, and how it speaks to those who connect there.
struct Listener {
  std::string name;  // unique in a sink
  net::Endpoint endpoint;
  smtp::ServerProfile profile;
  bool tls_from_start = false;        // else after STARTTLS, where the profile offers it
  bool expects_proxy_header = false;  // from every client, not only from SinkOptions::proxies
};

// The same while the sink runs: with what names the server in its replies composed.
struct OpenListener : Listener {
  explicit OpenListener(const Listener& listener) : Listener(listener), replies(profile) {}

  smtp::ServerReplies replies;
};

}  // namespace millrace::sink
