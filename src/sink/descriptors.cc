#include "sink/descriptors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostics.h"
#include "http/server.h"
#include "net/socket.h"

namespace millrace::sink {
namespace {

// The loop's own; its listeners and its wake-up are open already.
constexpr std::size_t kDescriptorsAThread = 1;

// The loop of the thread that sends them, and its connection.
constexpr std::size_t kDescriptorsForAnswers = 2;

// Its clients, and what their threads are told to end by.
constexpr std::size_t kDescriptorsForHttp = http::kMostConnections + 1;

// The file that messages were appended to last; for a moment another one, and syslog once more.
constexpr std::size_t kSpareDescriptors = 8;

// Those of a thread while it adds messages: each of its files, and a lock or a folder.
std::size_t descriptors_for(const StoreOptions& stores) {
  return stores.targets.empty() ? 0 : stores.targets.size() + 1;
}

}  // namespace

std::size_t affordable_sessions(std::size_t limit, const SinkOptions& options) {
  const std::size_t taken = net::open_descriptors() + options.threads * kDescriptorsAThread +
                            options.threads * descriptors_for(options.stores) +
                            (options.answers ? kDescriptorsForAnswers : 0) +
                            (options.http ? kDescriptorsForHttp : 0) + kSpareDescriptors;
  // Its socket, and the files of a large message.
  const std::size_t captures = options.capture.mode != CaptureOptions::Mode::off ? 1 : 0;
  const std::size_t a_session = 1 + captures + (options.stores.targets.empty() ? 0 : 1);
  return std::max<std::size_t>((limit - std::min(taken, limit)) / a_session, 1);
}

std::size_t session_limit(std::size_t descriptor_limit, const SinkOptions& options) {
  const std::size_t affordable = affordable_sessions(descriptor_limit, options);
  const std::size_t limit = options.session_limit.value_or(affordable);
  if (limit > affordable) {
    warn(
        fmt::format("{} sessions (-m) are more than the {} that {} open files are enough for: "
                    "raise that limit (ulimit -n)",
                    limit, affordable, descriptor_limit));
  }
  return limit;
}

}  // namespace millrace::sink
