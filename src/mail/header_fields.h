#pragma once

#include <string_view>

namespace millrace::mail {

// The name of the header field that begins with this line (RFC 5322, 2.2; blanks may be ahead of
// its colon, 4.5); empty when none does.
std::string_view field_name(std::string_view line);

// Whether a line goes on with the field of the line before it (RFC 5322, 2.2.3).
bool continues_field(std::string_view line);

// Whether a field, by its name in any case, is none of a message that its author sends anew: those
// that say when it was sent, to whom and as what, those that relays and deliveries put to it, and
// signatures, which hold no more. What the author wrote besides stays: From, Sender, Reply-To,
// Subject, In-Reply-To, References, MIME's fields and all that nobody knows.
bool goes_when_sent_anew(std::string_view name);

}  // namespace millrace::mail
