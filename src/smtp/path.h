#pragma once

#include <string_view>

#include "base/printable.h"

namespace millrace::smtp {

// Paths, mailboxes and domains as they are written (RFC 5321, 4.1.2). What a server is told is only
// taken apart: a sink takes whatever is sent.

// The path in the arguments of MAIL or RCPT, with what stands before it: "FROM:<a@b>" of
// "FROM:<a@b> SIZE=1". It ends with its '>', which may be quoted within.
std::string_view path_in(std::string_view arguments);

// What follows "FROM:" or "TO:" and blanks, parameters and all; everything when there is no colon.
std::string_view behind_colon(std::string_view arguments);

// The address in the arguments of MAIL or RCPT: without brackets, source route and parameters.
std::string_view address_in(std::string_view arguments);

// The two parts of a mailbox; one behind the other they are all of it.
struct Mailbox {
  std::string_view local_part;
  std::string_view domain;  // with its '@'; empty when there is none
};
Mailbox split_mailbox(std::string_view text);

// Whether this may be a domain, and an address literal: "[192.0.2.1]", "[IPv6:2001:db8::1]". A
// label may have an underscore, as hosts' names have. In UTF-8 (RFC 6531, 3.3) any letters beyond
// ASCII may be in it: whether they are a name of IDNA is not looked at.
bool valid_domain(std::string_view text, Charset charset = Charset::ascii);
bool valid_address_literal(std::string_view text);

// Whether this is a local part: atoms, or text in quotes. How long it may be is not looked at.
bool valid_local_part(std::string_view text, Charset charset = Charset::ascii);

// Whether this is a mailbox: a local part, and a domain or an address literal (RFC 5321, 4.1.2).
bool valid_mailbox(std::string_view text, Charset charset = Charset::ascii);

}  // namespace millrace::smtp
