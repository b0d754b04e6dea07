#pragma once

#include <string_view>

#include "source/options.h"

namespace millrace::source {

// Sees to it that every session can have a socket. `option`: by which so many were asked for.
// Throws Fatal.
void afford_descriptors(const SourceOptions& options, std::string_view option = "-s");

// Whether there are as many local ports as sessions, each of which has one to itself. Throws Fatal
// when there are not.
void afford_ports(const SourceOptions& options, std::string_view option);

}  // namespace millrace::source
