// report/ is a run as data, and its faces: text, JSON, tables, a page, a comparison. It knows
// results, not sessions.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/measurement.h"
#include "report/capacity.h"
#include "report/parts.h"
#include "report/verdict.h"

namespace millrace::report {

// Where a run took place.
struct Environment {
  std::string host;
  std::string kernel;  // "Linux 6.1.0-18-amd64 x86_64"
  std::string cpu;     // its model
  unsigned cores = 0;  // that the process may use
  std::string engine;  // "io_uring" or "epoll"
  unsigned threads = 0;

  // Of this machine; the last two are left to the caller.
  static Environment here();
};

// A run of smtp-source or smtp-sink, with all that is reported of it.
struct Run {
  enum class Kind : std::uint8_t { source, sink };

  Kind kind = Kind::source;
  std::string program;  // "smtp-source (Millrace) 1.0"
  std::vector<std::string> command_line;
  std::vector<std::pair<std::string, std::string>> settings;  // what it came to: "load" and so on
  Environment environment;
  metrics::Measurement measurement;
  std::vector<Verdict> verdicts;
  std::optional<Capacity> capacity;  // of a source that searched it: then all else is of one probe
  std::optional<Parts> parts;        // of a source that was one of several

  [[nodiscard]] bool thresholds_passed() const;
};

inline constexpr std::array<std::string_view, 2> kKindNames = {"source", "sink"};

}  // namespace millrace::report
