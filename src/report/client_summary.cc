#include "report/client_summary.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/quantity.h"
#include "report/text.h"
#include "report/wrapping.h"

namespace millrace::report {
namespace {

constexpr std::size_t kIndent = 6;

// "220 x 100, 421 x 99": how often each code was the reply, whatever to.
std::string codes(const metrics::ReplyCounts& replies) {
  std::map<int, std::uint64_t> times;
  for (std::size_t command = 0; command < metrics::ReplyCounts::kCommands; ++command) {
    for (const auto& one : replies.of(command)) times[one.code] += one.times;
  }
  std::string text;
  for (const auto& [code, number] : times) {
    text += fmt::format("{}{} x {}", text.empty() ? "" : ", ", code, count(number));
  }
  return text.empty() ? "none" : text;
}

// Who hung up, and what became of what was sent: what there was of it, with a semicolon behind.
std::string ends(const metrics::ClientCounts& counts) {
  struct End {
    std::uint64_t metrics::ClientCounts::*number;
    std::string_view what;
    std::string_view of = {};  // in the singular, unless it is connections
  };
  using Counts = metrics::ClientCounts;
  constexpr std::array<End, 10> kEnds = {{
      {&Counts::refused, "failed", "connect"},
      {&Counts::after_quit, "ended by QUIT"},
      {&Counts::by_server, "closed by the server"},
      {&Counts::by_reset, "reset by the server"},
      {&Counts::by_client, "left by the client"},
      {&Counts::timed_out, "timed out"},
      {&Counts::failed, "failed"},
      {&Counts::by_end, "open at the end"},
      {&Counts::taken, "taken", "message"},
      {&Counts::rejected, "rejected", "message"},
  }};
  std::string text;
  for (const End& end : kEnds) {
    const std::uint64_t number = counts.*end.number;
    if (number == 0) continue;
    text += fmt::format("{}{} ", text.empty() ? "" : ", ", count(number));
    if (!end.of.empty()) text += fmt::format("{}{} ", end.of, plural(number));
    text += end.what;
  }
  return (text.empty() ? "not begun" : text) + "; ";
}

// For those it is about, what did not happen is news as well.
void write_smuggled(Writer& out, const metrics::ClientMetrics& one) {
  constexpr std::string_view kSmugglers = "bare-lf";
  const std::uint64_t taken = one.counts.smuggled;
  if (taken > 0) {
    out.line("{}", out.style().red(fmt::format("    {} smuggled message{} taken", count(taken),
                                               plural(taken))));
  } else if (one.kind.starts_with(kSmugglers) && one.counts.connections > 0) {
    out.line("    nothing smuggled was taken");
  }
}

}  // namespace

void write_clients(Writer& out, const std::vector<metrics::ClientMetrics>& clients) {
  if (clients.empty()) return;
  out.heading(fmt::format("{:<24} {:>11} {:>10} {:>8} {:>8} {:>8}", "Clients that misbehave",
                          "connections", "held mean", "p50", "max", "sent"));
  for (const metrics::ClientMetrics& one : clients) {
    const bool held = !one.held.empty();
    const auto shown = [&](double microseconds) { return held ? latency(microseconds) : ""; };
    out.line("  {:<22} {:>11} {:>10} {:>8} {:>8} {:>8}", one.kind, count(one.counts.connections),
             shown(one.held.mean()), shown(static_cast<double>(one.held.percentile(0.5))),
             shown(static_cast<double>(one.held.most())),
             bytes(static_cast<double>(one.counts.bytes_sent)));
    std::string_view indent = "    ";
    const std::string said = fmt::format("{}replies: {}", ends(one.counts), codes(one.replies));
    for (const std::string& line : wrapped(said, kWrapColumn - kIndent)) {
      out.line("{}{}", std::exchange(indent, "      "), line);
    }
    write_smuggled(out, one);
  }
}

}  // namespace millrace::report
