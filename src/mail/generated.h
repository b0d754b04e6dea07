#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::mail {

// Replaces each "[gen]" in a list of NAME=VALUE attributes, as XCLIENT and XFORWARD have them,
// by a value that goes with its name and differs from number to number: an address of the
// network that is set aside for benchmarks (198.18.0.0/15, RFC 2544), a host name, a port, a
// user.
std::string fill_generated(std::string_view attributes, std::uint64_t number);

}  // namespace millrace::mail
