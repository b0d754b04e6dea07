#include "report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/quantity.h"
#include "report/capacity_summary.h"
#include "report/client_summary.h"
#include "report/histogram_bars.h"
#include "report/lint_summary.h"
#include "report/split_summary.h"
#include "report/verify_summary.h"
#include "report/wrapping.h"
#include "report/writer.h"

namespace millrace::report {
namespace {

using metrics::Counters;
using metrics::Histogram;
using metrics::Measurement;

constexpr std::size_t kMostReplies = 12;  // lines of replies

void write_head(Writer& out, const Run& run) {
  const Measurement& measured = run.measurement;
  std::string what(kKindNames[static_cast<std::size_t>(run.kind)]);
  out.line("{}", out.style().bold(fmt::format("smtp-{}: {} measured", what,
                                              span(in_seconds(measured.measured)))));
  constexpr std::size_t kIndent = 14;
  for (const auto& [name, value] : run.settings) {
    std::string_view shown = name;
    for (const std::string& line : wrapped(value, kWrapColumn - kIndent)) {
      out.line("  {:<11} {}", std::exchange(shown, ""), line);
    }
  }
  out.line("  {:<11} {}, {} thread{}, {} core{}", "on", run.environment.engine,
           run.environment.threads, plural(run.environment.threads), run.environment.cores,
           plural(run.environment.cores));
}

void write_limits(Writer& out, const std::vector<std::string>& reasons) {
  if (reasons.empty()) return;
  out.line("{}", out.style().red("The generator itself may be the bottleneck:"));
  for (const std::string& reason : reasons) out.line("  {}", out.style().red(reason));
}

void write_journal(Writer& out, const metrics::JournalTotals& journal) {
  out.line("  {:<11} {:>15} record{}{}", "proof", count(journal.records), plural(journal.records),
           journal.path.empty() ? "" : " in " + journal.path);
  if (journal.lost == 0) return;
  out.line("{}", out.style().red(
                     fmt::format("  {:<11} {:>15} could not be written", "", count(journal.lost))));
}

void write_totals(Writer& out, const Run& run) {
  const Measurement& measured = run.measurement;
  const Counters& counters = measured.total.counters;
  const double length = std::max(in_seconds(measured.measured), 1e-9);
  out.heading("Totals");
  const bool source = run.kind == Run::Kind::source;
  out.line("  {:<11} {:>15} {:<11} {:>12}", "messages", count(counters.delivered),
           source ? "delivered" : "taken", rate(measured.rate()));
  const auto also = [&out](std::string_view what, std::uint64_t number) {
    if (number > 0) out.line("  {:<11} {:>15} {}", "", count(number), what);
  };
  also("refused", counters.refused);
  also("lost with their session", counters.lost);
  also("unfinished at the end", counters.unfinished);
  also("due, but never started", counters.unstarted);
  also("given up after retries", counters.given_up);
  also("still waiting for a retry", counters.waiting);
  also("shed, as too many waited", counters.shed);
  also("more in the warm-up, left out", measured.warmup.delivered);
  out.line("  {:<11} {:>15} {:<11} {:>12}", "recipients", count(counters.recipients), "",
           rate(static_cast<double>(counters.recipients) / length));
  out.line("  {:<11} {:>15} {:<11} {:>10}/s", "bytes",
           bytes(static_cast<double>(counters.bytes_sent)), "sent",
           bytes(static_cast<double>(counters.bytes_sent) / length));
  out.line("  {:<11} {:>15} {:<11} {:>10}/s", "",
           bytes(static_cast<double>(counters.bytes_received)), "received",
           bytes(static_cast<double>(counters.bytes_received) / length));
  out.line("  {:<11} {:>15} {:<11} {:>12}", "sessions", count(counters.sessions_opened), "opened",
           rate(static_cast<double>(counters.sessions_opened) / length));
  also(fmt::format("message{} on a session used before", plural(counters.sessions_reused)),
       counters.sessions_reused);
  also("failed", counters.sessions_failed);
  if (measured.log) {
    out.line("  {:<11} {:>15} line{}", "log", count(measured.log->lines),
             plural(measured.log->lines));
    if (measured.log->dropped > 0) {
      out.line("{}", out.style().red(
                         fmt::format("  {:<11} {:>15} dropped", "", count(measured.log->dropped))));
    }
  }
  if (measured.proof) write_journal(out, *measured.proof);
  if (counters.tls_handshakes > 0) {
    out.line("  {:<11} {:>15} handshake{}, {} resumed", "TLS", count(counters.tls_handshakes),
             plural(counters.tls_handshakes), count(counters.tls_resumed));
  }
}

// What became of copies behind the server.
void write_arrivals(Writer& out, const metrics::EndToEnd& behind) {
  out.heading("Behind the server");
  const auto line = [&out](std::string_view name, std::uint64_t number, std::string_view what) {
    out.line("  {:<11} {:>15} {}", name, count(number), what);
  };
  line("asked", behind.asked, "copies, one a recipient");
  line("accepted", behind.accepted, "by the server");
  line("arrived", behind.arrived, "at a sink");
  if (behind.bounced > 0) line("bounced", behind.bounced, "to a sink");
  if (behind.not_arrived() > behind.bounced) {
    const std::uint64_t missing = behind.missing();
    out.line("{}", out.style().red(fmt::format("  {:<11} {:>15} {}", "missing", count(missing),
                                               "had not arrived in time to count")));
  }
  line("backlog", behind.backlog, "when the load was over, warm-up and all");
  const auto time = [&behind](double share) {
    const auto of_all = behind.percentile(share);
    return of_all ? latency(static_cast<double>(*of_all)) : "none";
  };
  out.line("  {:<11} p50 {}, p99 {}, max {}; what did not arrive counts as slowest", "of all asked",
           time(0.5), time(0.99), time(1));
}

// What came back, and how often messages had to be sent.
void write_retries(Writer& out, const metrics::Metrics& total) {
  const Counters& counters = total.counters;
  const std::uint64_t none = counters.given_up + counters.waiting + counters.shed;
  if (counters.retries + counters.in_doubt + none == 0) return;
  out.heading("Retries");
  const auto line = [&out](std::string_view name, std::uint64_t number, std::string_view what) {
    out.line("  {:<11} {:>15} {}", name, count(number), what);
  };
  line("retries", counters.retries, "after the first attempts");
  line("in doubt", counters.in_doubt, "without a yes or no to all of the content");
  line("duplicates", counters.possible_duplicates, "possible at most");
  if (counters.recipients_given_up > 0)
    line("recipients", counters.recipients_given_up, "given up");
  std::string_view name = "attempts";
  for (std::size_t i = 0; i < total.attempts.size(); ++i) {
    if (total.attempts[i] == 0) continue;
    const bool more = i + 1 == total.attempts.size();
    line(std::exchange(name, ""), total.attempts[i],
         fmt::format("over after {}{}", i + 1, more ? " or more" : ""));
  }
}

struct Column {
  const char* title;
  double share;  // of the percentile
};

constexpr std::array<Column, 6> kColumns = {{{"p50", 0.5},
                                             {"p90", 0.9},
                                             {"p95", 0.95},
                                             {"p99", 0.99},
                                             {"p99.9", 0.999},
                                             {"p99.99", 0.9999}}};

void write_row(Writer& out, std::string_view name, const Histogram& histogram) {
  if (histogram.empty()) return;
  std::string row = fmt::format("  {:<11}", name);
  for (const Column& column : kColumns) {
    row += fmt::format(" {:>8}", latency(static_cast<double>(histogram.percentile(column.share))));
  }
  out.line("{} {:>8}", row, latency(static_cast<double>(histogram.most())));
}

void write_columns(Writer& out, std::string_view title) {
  std::string row = fmt::format("{:<13}", title);
  for (const Column& column : kColumns) row += fmt::format(" {:>8}", column.title);
  out.heading(fmt::format("{} {:>8}", row, "max"));
}

// Whether more has to be told of how long messages took than of the attempts that were taken.
bool by_intended(const Measurement& measured) {
  return measured.open_loop || measured.total.counters.retries > 0;
}

void write_latency(Writer& out, const Run& run) {
  const metrics::Metrics& total = run.measurement.total;
  if (!total.service.empty() || !total.failed.empty()) {
    write_columns(out, "Latency");
    if (by_intended(run.measurement)) write_row(out, "intended", total.intended);
    write_row(out, "service", total.service);
    write_row(out, "failed", total.failed);
    if (run.measurement.end_to_end) {
      write_row(out, "arrived", run.measurement.end_to_end->latency);
    }
    out.line("");
    write_bars(out, by_intended(run.measurement) ? total.intended : total.service);
  }
  const bool timed = std::any_of(total.phases.begin(), total.phases.end(),
                                 [](const Histogram& histogram) { return !histogram.empty(); });
  if (!timed) return;
  write_columns(out, "Phases");
  for (std::size_t phase = 0; phase < metrics::kPhases; ++phase) {
    write_row(out, metrics::kPhaseNames[phase], total.phases[phase]);
  }
}

void write_replies(Writer& out, const metrics::ReplyCounts& replies) {
  struct Line {
    std::size_t command;
    metrics::ReplyCounts::Count count;
  };
  std::vector<Line> lines;
  for (std::size_t command = 0; command < metrics::ReplyCounts::kCommands; ++command) {
    for (const auto& one : replies.of(command)) lines.push_back({command, one});
  }
  if (lines.empty()) return;
  out.heading("Replies");
  const std::size_t shown = std::min(lines.size(), kMostReplies);
  // What says no is shown in any case.
  std::stable_partition(lines.begin(), lines.end(),
                        [](const Line& line) { return line.count.code >= 400; });
  std::stable_sort(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(shown),
                   [](const Line& a, const Line& b) { return a.command < b.command; });
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& one = lines[i].count;
    const std::string code =
        fmt::format("{} {}", one.code,
                    one.enhanced != 0 ? metrics::ReplyCounts::text(one.enhanced) : std::string());
    const std::string text =
        fmt::format("  {:<11} {:<12} {:>15}", metrics::ReplyCounts::name(lines[i].command), code,
                    count(one.times));
    one.code >= 400 ? out.line("{}", out.style().red(text)) : out.line("{}", text);
  }
  if (lines.size() == shown) return;
  const std::size_t more = lines.size() - shown;
  out.line("  and {} kind{} more (see --json)", more, plural(more));
}

void write_errors(Writer& out, const metrics::Metrics& total) {
  bool any = false;
  for (std::size_t kind = 0; kind < metrics::kErrors; ++kind) {
    const metrics::ErrorCount& error = total.errors[kind];
    if (error.times == 0) continue;
    if (!any) out.heading("Errors");
    any = true;
    out.line("{}", out.style().red(fmt::format("  {:<11} {:>15}  {}", metrics::kErrorNames[kind],
                                               count(error.times), error.sample)));
  }
}

void write_rules(Writer& out, const Measurement& measured) {
  const std::uint64_t forgotten = measured.keys_forgotten;
  if (measured.rules.empty() && forgotten == 0) return;
  out.heading("Rules");
  for (const metrics::RuleHits& rule : measured.rules) {
    out.line("  {:<24} {:>15}", rule.name, count(rule.hits));
  }
  if (forgotten == 0) return;
  out.line("{}",
           out.style().red(fmt::format("  {} key{} of rates and greylists had to be forgotten",
                                       count(forgotten), plural(forgotten))));
}

void write_answers(Writer& out, const Measurement& measured) {
  if (!measured.answers) return;
  out.heading("Answers");
  for (const auto& row : metrics::kAnswerNames) {
    std::string name(row.name);
    std::replace(name.begin(), name.end(), '_', ' ');
    out.line("  {:<11} {:>15}", name, count(*measured.answers.*row.counter));
  }
}

void write_stages(Writer& out, const Measurement& measured) {
  if (measured.stages.size() < 2) return;
  out.heading(fmt::format("{:<24} {:>10} {:>9} {:>8} {:>8} {:>8}", "Stages", "messages", "rate",
                          "p50", "p99", "failed"));
  for (const metrics::Stage& stage : measured.stages) {
    const double length =
        std::min(in_seconds(stage.length), in_seconds(measured.elapsed - stage.begin));
    const Counters& counters = stage.metrics.counters;
    const double a_second = length > 0 ? static_cast<double>(counters.delivered) / length : 0;
    const Histogram& histogram = stage.metrics.intended;
    out.line("  {:<22} {:>10} {:>9} {:>8} {:>8} {:>8}", stage.name, count(counters.delivered),
             rate(a_second), latency(static_cast<double>(histogram.percentile(0.5))),
             latency(static_cast<double>(histogram.percentile(0.99))), count(counters.failed()));
  }
}

void write_thresholds(Writer& out, const std::vector<Verdict>& verdicts) {
  if (verdicts.empty()) return;
  out.heading("Thresholds");
  for (const Verdict& one : verdicts) {
    const std::string text = fmt::format("  {:<6} {:<24} {:>12}", one.passed ? "passed" : "FAILED",
                                         one.threshold, one.value);
    out.line("{}", one.passed ? out.style().green(text) : out.style().red(text));
  }
}

// All there is to tell of is clients that misbehave.
bool no_good_client(const Measurement& measured) {
  const auto begun = [](const Counters& counters) { return counters.started + counters.unstarted; };
  return !measured.clients.empty() && begun(measured.total.counters) + begun(measured.warmup) == 0;
}

std::string ending(const Measurement& measured) {
  switch (measured.ending) {
    case metrics::Ending::interrupted:
      return "Interrupted; until then: ";
    case metrics::Ending::failed:
      return "Given up; until then: ";
    case metrics::Ending::completed:
      break;
  }
  return {};
}

std::string failures(const Counters& counters, const Measurement& measured) {
  if (counters.failed() == 0) return "without an error";
  std::string text = percent(measured.failed_share()) + " of " +
                     count(counters.delivered + counters.failed()) + " not delivered";
  if (counters.unstarted > 0) text += fmt::format(" ({} never started)", count(counters.unstarted));
  return text;
}

// How long those took that were delivered.
std::string latencies(const Counters& counters, const Histogram& intended) {
  const bool all = counters.failed() == 0;
  const auto within = [](std::uint64_t microseconds) {
    return "within " + latency(static_cast<double>(microseconds));
  };
  if (counters.delivered == 1) return (all ? "" : "the other ") + within(intended.most());
  return fmt::format("half of {} {} and 99% {}", all ? "them" : "the others",
                     within(intended.percentile(0.5)), within(intended.percentile(0.99)));
}

}  // namespace

std::string verdict(const Run& run) {
  const Measurement& measured = run.measurement;
  const Counters& counters = measured.total.counters;
  if (run.capacity) return capacity_sentence(*run.capacity);
  if (run.kind == Run::Kind::sink) {
    return fmt::format("It took {} message{} for {} recipient{} over {} session{}.",
                       count(counters.delivered), plural(counters.delivered),
                       count(counters.recipients), plural(counters.recipients),
                       count(counters.sessions_opened), plural(counters.sessions_opened));
  }
  if (counters.delivered == 0) {
    if (counters.failed() == 0 && measured.client_connections() > 0) {
      return fmt::format("{}{} connection{} of clients that misbehave, and no good client.",
                         ending(measured), count(measured.client_connections()),
                         plural(measured.client_connections()));
    }
    if (counters.failed() == 0) return ending(measured) + "nothing was measured.";
    return fmt::format("{}nothing was delivered of {} message{}.", ending(measured),
                       count(counters.failed()), plural(counters.failed()));
  }
  std::string text =
      fmt::format("{}{} message{} at {}, {}, {}", ending(measured), count(counters.delivered),
                  plural(counters.delivered), rate(measured.rate()), failures(counters, measured),
                  latencies(counters, measured.total.intended));
  const auto missed = std::count_if(run.verdicts.begin(), run.verdicts.end(),
                                    [](const Verdict& one) { return !one.passed; });
  if (missed > 0) {
    text += fmt::format("; {} of {} threshold{} failed", missed, run.verdicts.size(),
                        plural(run.verdicts.size()));
  }
  if (!measured.limits().empty()) text += "; the generator may have set the pace";
  return text + ".";
}

std::string summary(const Run& run, const Style& style) {
  Writer out(style);
  write_head(out, run);
  const std::vector<std::string> limits = run.measurement.limits();
  const bool turned_away = run.measurement.turned_away();
  if (!turned_away) write_limits(out, limits);
  if (!no_good_client(run.measurement)) write_totals(out, run);
  write_latency(out, run);
  write_retries(out, run.measurement.total);
  if (run.measurement.end_to_end) write_arrivals(out, *run.measurement.end_to_end);
  write_splits(out, run.measurement);
  write_replies(out, run.measurement.total.replies);
  write_errors(out, run.measurement.total);
  if (turned_away) write_limits(out, limits);
  write_rules(out, run.measurement);
  write_answers(out, run.measurement);
  write_verified(out, run.measurement.verify);
  write_lint(out, run.measurement.lint);
  write_clients(out, run.measurement.clients);
  write_stages(out, run.measurement);
  if (run.capacity) write_probes(out, *run.capacity);
  write_thresholds(out, run.verdicts);
  out.heading(verdict(run));
  return out.take();
}

}  // namespace millrace::report
