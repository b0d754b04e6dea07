#pragma once

#include <string_view>

namespace millrace::source {

// The name under which a server says that it has a message in its queue, and by which it is found
// in that server's log: "4ABC" of "250 2.0.0 Ok: queued as 4ABC". `reply`: to the end of the
// message, code and all. Empty where it names none, or in a form that is not known. It is part of
// `reply`, of printable ASCII without blanks, and 128 bytes at most.
std::string_view queue_id(std::string_view reply);

}  // namespace millrace::source
