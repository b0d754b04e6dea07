#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/names.h"
#include "smtp/client_plan.h"
#include "smtp/message_source.h"
#include "smtp/reply.h"

namespace millrace::source {

// What went wrong with a session: how it is counted, and the sentence that the user reads. The
// sentences are made here and nowhere else, of data alone.
struct Trouble {
  metrics::Error kind = metrics::Error::other;
  std::string text;
};

// What each sentence ends with, its `where`: " (session 3, RCPT TO:<a@b>)". `session`: from 0.
// `what`: the command that it is about, or the server's address.
std::string about(std::uint64_t session, std::string_view what);

// The command as it was sent, without the parameters of extensions. For the greeting, which answers
// none: `server`.
std::string command_text(const smtp::PendingCommand& command, const smtp::MessageSource& messages,
                         std::string_view hello_name, std::string_view server);

// A system call said no: "connect: Connection refused".
Trouble failed_call(std::string_view call, int error, std::string_view where);

// Nothing of the pool is left to connect from, which ends the run.
std::string no_address_left(std::string_view where);

// The server said no: "recipient rejected: 550 5.1.1 no such".
Trouble rejection(smtp::Verb answered, const smtp::Reply& reply, std::string_view where);

// How a connection ended before its time.
struct Loss {
  int error = 0;           // an errno value; 0: the server closed it
  bool timed_out = false;  // we did, as nothing came for too long
};

// The same, and when: "lost connection between messages", "timeout while sending sender".
Trouble loss_between_messages(const Loss& loss, std::string_view where);
Trouble loss_in_handshake(const Loss& loss, std::string_view where);
Trouble loss_awaiting(smtp::Verb awaited, const Loss& loss, std::string_view where);

}  // namespace millrace::source
