#include "sink/descriptors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostics.h"
#include "net/socket.h"

namespace millrace::sink {
namespace {

// The loop's own; its listeners and its wake-up are open already.
constexpr std::size_t kDescriptorsAThread = 1;

// The loop of the thread that sends them, and its connection.
constexpr std::size_t kDescriptorsForAnswers = 2;

// What is needed for a moment: the file that a message is appended to, syslog once more.
constexpr std::size_t kSpareDescriptors = 8;

}  // namespace

std::size_t affordable_sessions(std::size_t limit, const SinkOptions& options) {
  const std::size_t taken = net::open_descriptors() + options.threads * kDescriptorsAThread +
                            (options.answers ? kDescriptorsForAnswers : 0) + kSpareDescriptors;
  const bool captures = options.capture.mode != CaptureOptions::Mode::off;
  const std::size_t a_session = captures ? 2 : 1;  // its socket, and the file of a large message
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
