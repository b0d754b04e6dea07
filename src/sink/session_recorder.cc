#include "sink/session_recorder.h"

#include <cerrno>

#include "base/diagnostics.h"

namespace millrace::sink {
namespace {

bool ends_message(std::optional<smtp::Verb> verb) {
  return verb == smtp::Verb::end_of_data || verb == smtp::Verb::bdat;
}

}  // namespace

void SessionRecorder::opened(const net::SocketAddress& /*peer*/, TimePoint now) {
  begun_ = now;
  recorder_.session_opened(now);
}

void SessionRecorder::secured(const Handshake& handshake) { recorder_.secured(handshake.resumed); }

void SessionRecorder::failed(metrics::Error kind, std::string_view what) {
  recorder_.error(kind, what);
}

void SessionRecorder::ended(Ending ending, int error, TimePoint now) {
  recorder_.session_ended(begun_, now);
  if (ending != Ending::clients) return;
  if (error == 0) return failed(metrics::Error::closed, "the client closed without QUIT");
  failed(error == ECONNRESET ? metrics::Error::reset : metrics::Error::other,
         describe_error("disconnect", error));
}

void SessionRecorder::commanded(smtp::Verb verb, std::string_view /*arguments*/) {
  recorder_.commanded(verb);
}

void SessionRecorder::mail(std::string_view /*arguments*/) {
  recipients_ = 0;
  complete_ = false;
  recorder_.mail();
}

void SessionRecorder::greeted(smtp::Verb /*verb*/, std::string_view /*name*/) { recipients_ = 0; }

void SessionRecorder::recipient(std::string_view /*arguments*/) { ++recipients_; }

smtp::Storage SessionRecorder::message_complete() {
  complete_ = true;
  return smtp::Storage::kept;
}

void SessionRecorder::message_answered(std::size_t accepted) {
  if (accepted > 0) {
    recorder_.delivered(accepted);
  } else {
    recorder_.refused();
  }
  recipients_ = 0;
  complete_ = false;
}

// A message that passes a limit is never complete: it is refused by the reply to its end, or to the
// chunk that was too much.
void SessionRecorder::replied(std::optional<smtp::Verb> verb, std::string_view reply,
                              std::size_t copies) {
  recorder_.replied(verb, reply, copies);
  if (verb == smtp::Verb::rset) recipients_ = 0;
  if (recipients_ == 0 || complete_ || reply.starts_with('2') || !ends_message(verb)) return;
  recorder_.refused();
  recipients_ = 0;
}

}  // namespace millrace::sink
