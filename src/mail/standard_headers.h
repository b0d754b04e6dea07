#pragma once

#include <string>

#include "mail/kind.h"

namespace millrace::mail {

// Header fields that every message has, a line each with its CR LF.

// "From:" the sender; of a message with the null reverse-path, as a report has it that a server
// sends (RFC 3464, 2), the postmaster of the host that its Message-ID names: a From has an address
// (RFC 5322, 3.6.2).
void append_from(const MessageFacts& facts, std::string& text);
void append_to(const MessageFacts& facts, std::string& text);
void append_date(const MessageFacts& facts, std::string& text);
void append_message_id(const MessageFacts& facts, std::string& text);

}  // namespace millrace::mail
