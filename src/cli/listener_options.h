#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sink/listener.h"
#include "smtp/server_profile.h"

namespace millrace::cli {

struct SinkArguments;

// A listener as --listen has it, or the endpoint that is an argument: what is said of it alone, on
// top of the options, which are of all.
struct ListenerArgument {
  std::string endpoint;
  std::string name;  // the endpoint as it was given, unless another one was
  bool tls = false;
  bool starttls = false;
  bool lmtp = false;
  bool proxy = false;
};

// Reads "[tls+|starttls+|lmtp+|proxy+]ENDPOINT[,name=NAME]"; prefixes may be combined, in any
// order. Throws Fatal.
ListenerArgument read_listener(const std::string& text, std::string_view names);

// All listeners, the argument's first. `common`: what they are without what is said of each. Throws
// Fatal for a bad endpoint, and when two have one name.
std::vector<sink::Listener> build_listeners(const SinkArguments& given,
                                            const smtp::ServerProfile& common);

}  // namespace millrace::cli
