#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::metrics {

// Something that clients of a sink did against the RFCs. Its words come with it, so that a file
// tells of what a later version finds.
struct LintFinding {
  std::string name;  // "bare-lf"
  std::string what;  // in a few words
  std::string rfc;   // "RFC 5321, 2.3.8": what is against it
  std::uint64_t times = 0;
  std::uint64_t sessions = 0;  // in which it was found
  std::string sample;          // the first, made printable; empty where nothing was said
  std::string client;          // whose that was

  bool operator==(const LintFinding&) const = default;
};

// How often one of them was found.
struct LintCount {
  std::string name;
  std::uint64_t times = 0;

  bool operator==(const LintCount&) const = default;
};

// A client of whom something was found: where it came from, and as whom it said hello.
struct LintClient {
  std::string address;
  std::string hello;           // empty: it did not
  std::uint64_t sessions = 0;  // in which something was found
  std::vector<LintCount> findings;

  bool operator==(const LintClient&) const = default;
};

// What a sink found that judges its clients.
struct LintMetrics {
  // So many clients have a row; what is found of more is in the findings alone.
  static constexpr std::size_t kMostClients = 1'000;

  bool strict = false;         // what was found was refused
  std::uint64_t sessions = 0;  // that were looked at
  std::uint64_t faulty = 0;    // of those, in which something was found
  std::vector<LintFinding> findings;
  std::vector<LintClient> clients;
  std::uint64_t untold = 0;  // faulty sessions of clients that have no row

  // What another sink found: what has one name is one finding, or one client.
  void add(const LintMetrics& other);
};

// Adds what there is of one to a sum, which there may not be yet.
void add_lint(std::optional<LintMetrics>& sum, const std::optional<LintMetrics>& lint);

}  // namespace millrace::metrics
