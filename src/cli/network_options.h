#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "net/event_loop.h"

namespace millrace::cli {

// What both programs are given of families of addresses, threads and the engine.
struct NetworkArguments {
  std::vector<int> address_families;  // in the order of the command line
  std::optional<unsigned> threads;
  const net::Engine* io = nullptr;  // null for auto

  // AF_INET, AF_INET6 or AF_UNSPEC; the last that was given counts.
  [[nodiscard]] int address_family() const;

  // What is left open is chosen here: a thread for each core that the process may use, and the
  // best engine. Throws Fatal when an engine was asked for in vain.
  [[nodiscard]] unsigned resolved_threads() const;
  [[nodiscard]] const net::Engine* resolved_engine() const;
};

// -4 and -6. `verb`: what is done with the family, "listen on".
void add_address_family(OptionGroup& group, const std::string& verb, NetworkArguments& given);

// --threads, --io.
void add_engine(OptionGroup& group, NetworkArguments& given);

// "io_uring, 2 threads": what -v says at start.
std::string describe(const net::Engine& engine, unsigned threads);

}  // namespace millrace::cli
