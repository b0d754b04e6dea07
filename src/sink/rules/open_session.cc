#include "sink/rules/open_session.h"

#include "sink/rules/keys.h"

namespace millrace::sink::rules {
namespace {

std::array<std::uint64_t, 3> open(Windows& windows, const Facts& facts) {
  const std::array<std::uint64_t, 3> keys = {sessions_key(windows, Per::client, facts),
                                             sessions_key(windows, Per::listener, facts),
                                             sessions_key(windows, Per::all, facts)};
  for (const std::uint64_t key : keys) windows.session_opened(key);
  return keys;
}

}  // namespace

OpenSession::OpenSession(Windows& windows, const Facts& facts)
    : windows_(windows), keys_(open(windows, facts)) {}

OpenSession::~OpenSession() { end(); }

void OpenSession::client_is(const Facts& facts) {
  end();
  keys_ = open(windows_, facts);
}

void OpenSession::end() {
  for (const std::uint64_t key : keys_) windows_.session_ended(key);
}

}  // namespace millrace::sink::rules
