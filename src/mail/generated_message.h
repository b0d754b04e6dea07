#pragma once

#include <cstdint>

#include "mail/body_form.h"
#include "mail/kind.h"

namespace millrace::mail {

// Puts a message of `size` bytes into `content`, which is empty: well-formed (RFC 5322; RFC 2045
// but for the filler), ASCII, with From, To, Date, Message-ID, the headers of the run and a
// Subject. The size is that of RFC 1870, 3, without doubled dots and the end mark, and is met to
// the byte; where the headers alone, with an empty body of that form, are larger, it is the size of
// these. `roll`: what is drawn for it.
//
// What is large of it is shared (mail/text_block.h), so that a message costs about the same
// whatever its size is.
void make_generated(BodyForm form, std::uint64_t size, const MessageFacts& facts, Roll roll,
                    Content& content);

}  // namespace millrace::mail
