#include "sink/recorder.h"

#include "smtp/reply.h"

namespace millrace::sink {
namespace {

// The code that a reply begins with; 0 where it is none (RFC 5321, 4.2), as a rule's `raw` may
// have.
int code_of(std::string_view reply) {
  const int code = smtp::reply_code(reply);
  return code >= 200 && code <= 599 ? code : 0;
}

}  // namespace

void Recorder::session_opened(TimePoint now) {
  ++metrics_.counters.sessions_opened;
  ++sessions_open_;
  if (!first_) first_ = now;
}

void Recorder::session_ended(TimePoint begun, TimePoint now) {
  metrics_[metrics::LatencyPhase::session].record(now - begun);
  --sessions_open_;
  last_ = now;
}

void Recorder::secured(bool resumed) {
  ++metrics_.counters.tls_handshakes;
  if (resumed) ++metrics_.counters.tls_resumed;
}

void Recorder::delivered(std::size_t recipients) {
  ++metrics_.counters.delivered;
  metrics_.counters.recipients += recipients;
}

void Recorder::replied(std::optional<smtp::Verb> verb, std::string_view reply, std::size_t copies) {
  const int code = code_of(reply);
  const std::size_t command = verb ? smtp::index(*verb) : metrics::ReplyCounts::kUnknown;
  if (!verb) ++commands_[command];
  for (std::size_t copy = 0; copy < copies; ++copy) metrics_.replies.count(command, code, reply);
  if (code / 100 >= 4) error(metrics::Error::rejected, reply.substr(0, reply.find("\r\n")));
}

void Recorder::error(metrics::Error kind, std::string_view text) {
  metrics_.count_error(kind, text);
  interval_.latest_error = text;
}

metrics::ThreadInterval& Recorder::complete_interval(net::Traffic moved, TimePoint now) {
  metrics_.counters.bytes_sent += moved.sent;
  metrics_.counters.bytes_received += moved.received;
  metrics::ErrorTimes errors{};
  metrics::add_times(metrics_.errors, errors);
  interval_.sessions_open = sessions_open_;
  if (sessions_open_ > 0) last_ = now;
  meter_.complete(interval_, metrics_.counters, errors);
  return interval_;
}

}  // namespace millrace::sink
