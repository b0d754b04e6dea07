#include "report/capacity_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <string_view>

#include "base/quantity.h"
#include "report/text.h"

namespace millrace::report {
namespace {

using Outcome = CapacityProbe::Outcome;

// "60 s", "2.5 s".
std::string length_text(Duration length) { return fmt::format("{:.4g} s", in_seconds(length)); }

// "p99<250ms": what it is about.
std::string_view figure_of(const Verdict& verdict) {
  const std::string_view text = verdict.threshold;
  std::string_view figure = text.substr(0, text.find_first_of("<>"));
  while (figure.ends_with(' ')) figure.remove_suffix(1);
  return figure;
}

// What a term came to, as a clause. Values of latencies that there is none of are one by themselves
// ("5.0% failed", "5.0% was not accepted or did not arrive").
std::string clause(const Verdict& verdict) {
  if (verdict.value.ends_with(" failed") || verdict.value.ends_with(" arrive")) {
    return verdict.value;
  }
  if (verdict.value.starts_with("nothing ")) return "nothing was measured";
  const std::string_view figure = figure_of(verdict);
  const bool several = figure == "errors" || figure == "messages";
  return fmt::format("{} {} {}", figure, several ? "were" : "was", verdict.value);
}

std::string objective_text(const Capacity& capacity) {
  std::string text;
  for (const std::string& term : capacity.objective) text += (text.empty() ? "" : ", ") + term;
  return text;
}

// Why the level did not hold: by the last probe of it that was missed, the first term. Empty when
// there is none.
std::string miss_at(const Capacity& capacity, double level) {
  const auto missed = [level](const CapacityProbe& probe) {
    return probe.level == level && probe.outcome == Outcome::missed;
  };
  const auto probe = std::find_if(capacity.probes.rbegin(), capacity.probes.rend(), missed);
  if (probe == capacity.probes.rend()) return {};
  const auto failed = [](const Verdict& verdict) { return !verdict.passed; };
  const auto term = std::find_if(probe->verdicts.begin(), probe->verdicts.end(), failed);
  if (term == probe->verdicts.end()) return probe->reason;
  return clause(*term);
}

// What became of the lowest level above the answer that the server was seen not to hold, as a
// clause. Empty when there is none. A level may hold when it is looked at again; and one at which
// the generator was late was not decided.
std::string miss_above(const Capacity& capacity) {
  std::map<double, Outcome> last;
  for (const CapacityProbe& probe : capacity.probes) {
    const bool counts = probe.level > capacity.level && probe.level != capacity.limited_at;
    if (counts && probe.outcome != Outcome::late) last[probe.level] = probe.outcome;
  }
  const auto missed = [](const auto& level) { return level.second == Outcome::missed; };
  const auto lowest = std::find_if(last.begin(), last.end(), missed);
  if (lowest == last.end()) return {};
  return fmt::format("at {} {}", level_text(capacity.of, lowest->first),
                     miss_at(capacity, lowest->first));
}

// That the generator was late where more was to be found out.
std::string upper_edge(const Capacity& capacity) {
  std::string text = fmt::format("the generator was the limit at {}: ",
                                 level_text(capacity.of, capacity.limited_at));
  if (capacity.level == 0) return text + "nothing is known of the server";
  text +=
      fmt::format("{} held up to {}{}", objective_text(capacity),
                  level_text(capacity.of, capacity.level), capacity.confirmed ? ", confirmed" : "");
  const std::string above = miss_above(capacity);
  return text + (above.empty() ? ", and above nothing is known of the server" : "; " + above);
}

std::string lower_edge(const Capacity& capacity) {
  const std::string held = objective_text(capacity);
  if (capacity.limited_at == 0) return fmt::format("nothing is known of {} yet", held);
  const std::string level = level_text(capacity.of, capacity.limited_at);
  const std::string why = miss_at(capacity, capacity.limited_at);
  if (capacity.limited_by != Capacity::Limit::server) {
    return fmt::format("{} did not hold at {}{}{}; below nothing is known yet", held, level,
                       why.empty() ? "" : ": ", why);
  }
  return fmt::format("the server does not hold {} even at {}{}{}", held, level,
                     why.empty() ? "" : ": ", why);
}

// What became of the probes' messages behind the server, where anybody looked.
void write_probe_arrivals(Writer& out, const Capacity& capacity) {
  if (!capacity.probes.front().arrivals) return;
  out.heading(fmt::format("{:<24} {:>10} {:>8} {:>8} {:>8} {:>11}", "Probes to the arrival",
                          "backlog", "p50", "p99", "max", "not arrived"));
  const auto time = [](std::optional<std::uint64_t> of_all) {
    return of_all ? latency(static_cast<double>(*of_all)) : "none";
  };
  for (const CapacityProbe& probe : capacity.probes) {
    const ProbeArrivals arrivals = probe.arrivals.value_or(ProbeArrivals{});
    const std::string_view outcome = kProbeOutcomeNames[static_cast<std::size_t>(probe.outcome)];
    out.line("  {:<13} {:<8} {:>10} {:>8} {:>8} {:>8} {:>11}", level_text(capacity.of, probe.level),
             outcome, count(arrivals.backlog), time(arrivals.p50), time(arrivals.p99),
             time(arrivals.most), count(arrivals.not_arrived));
  }
}

}  // namespace

std::string level_text(Capacity::Of of, double level) {
  const bool whole = level == std::floor(level);
  const std::string number =
      whole ? count(static_cast<std::uint64_t>(level)) : fmt::format("{:.4g}", level);
  if (of == Capacity::Of::rate) return number + "/s";
  return fmt::format("{} session{}", number, level == 1 ? "" : "s");
}

std::string capacity_line(const Capacity& capacity) {
  if (capacity.limited_by == Capacity::Limit::generator) return upper_edge(capacity);
  if (capacity.level == 0) return lower_edge(capacity);
  std::string text = fmt::format("the server holds {} up to {}, ", objective_text(capacity),
                                 level_text(capacity.of, capacity.level));
  text += capacity.confirmed ? "confirmed for " + length_text(capacity.confirm) : "not confirmed";
  if (capacity.limited_by == Capacity::Limit::range) return text + "; more was not asked for";
  const std::string why = miss_at(capacity, capacity.limited_at);
  if (!why.empty()) {
    text += fmt::format("; at {} {}", level_text(capacity.of, capacity.limited_at), why);
  }
  return text;
}

std::string capacity_sentence(const Capacity& capacity) {
  std::string text = capacity_line(capacity) + ".";
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

std::string probe_line(Capacity::Of of, const CapacityProbe& probe) {
  std::string text = level_text(of, probe.level);
  if (probe.outcome == Outcome::late) {
    return text + ": nothing is known of the server, the generator was late: " + probe.reason;
  }
  text += fmt::format(" {}{}", probe.outcome == Outcome::held ? "held" : "did not hold",
                      probe.confirms ? " for " + span(in_seconds(probe.length)) : "");
  std::string_view before = ": ";
  for (const Verdict& verdict : probe.verdicts) {
    text += fmt::format("{}{} {}", before, figure_of(verdict), verdict.value);
    before = ", ";
  }
  if (!probe.reason.empty()) text += std::string(before) + probe.reason;
  return text;
}

void write_probes(Writer& out, const Capacity& capacity) {
  if (capacity.probes.empty()) return;
  out.heading(fmt::format("{:<24} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8}", "Probes", "rate", "p50",
                          "p99", "max", "failed", "took"));
  for (const CapacityProbe& probe : capacity.probes) {
    const std::string_view outcome = kProbeOutcomeNames[static_cast<std::size_t>(probe.outcome)];
    const std::string text = fmt::format(
        "  {:<13} {:<8} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8}", level_text(capacity.of, probe.level),
        outcome, rate(probe.rate), latency(static_cast<double>(probe.p50)),
        latency(static_cast<double>(probe.p99)), latency(static_cast<double>(probe.most)),
        percent(probe.failed_share), span(in_seconds(probe.length)));
    probe.outcome == Outcome::missed ? out.line("{}", out.style().red(text)) : out.line("{}", text);
    if (probe.outcome == Outcome::late) out.line("    {}", probe.reason);
  }
  write_probe_arrivals(out, capacity);
}

}  // namespace millrace::report
