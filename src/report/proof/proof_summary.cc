#include "report/proof/proof_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/columns.h"
#include "report/proof/fault_words.h"
#include "report/proof/journal_notes.h"
#include "report/writer.h"

namespace millrace::report {
namespace {

using metrics::Histogram;
using proof::NamedEndToEnd;
using proof::ProofCounts;
using proof::Reconciliation;

constexpr std::size_t kMostGroups = 10;  // rows of kinds, and of domains
constexpr std::size_t kGroupWidth = 22;  // columns

bool sources_broke_off(const Reconciliation& result) {
  return std::any_of(result.sent.begin(), result.sent.end(),
                     [](const proof::JournalRead& one) { return one.broke_off; });
}

// Why nothing that is lost is not all there is to know; empty: it is.
std::string_view reservation(const Reconciliation& result) {
  if (result.whose_unknown > 0) return " by the number of copies, which do not say whose they are";
  return sources_broke_off(result) ? " as far as a source's journal goes, which broke off" : "";
}

// Whether sinks met stamps, and held all of them for forged.
bool of_another_key(const Reconciliation& result) {
  bool forged = false;
  for (const proof::JournalRead& one : result.taken) {
    if (one.records > 0 && !one.forged_only) return false;
    forged = forged || one.forged_only;
  }
  return forged;
}

// "was accepted": what is not there, behind "nothing".
std::string_view missing_for(const Reconciliation& result, Evidence evidence) {
  const bool sent = std::any_of(result.sent.begin(), result.sent.end(),
                                [](const proof::JournalRead& one) { return one.records > 0; });
  if (!sent) return "is in the journals of what was sent";
  if (evidence == Evidence::sent) return {};
  const ProofCounts& counts = result.counts;
  const std::uint64_t copies =
      counts.of(proof::Verdict::delivered) + counts.of(proof::Verdict::doubt_seen);
  const std::uint64_t bounced = counts.of(proof::Verdict::bounced);
  const bool of_doubts = evidence == Evidence::answered || evidence == Evidence::arrived;
  if (counts.accepted + (of_doubts ? copies + bounced : 0) == 0) {
    return sources_broke_off(result) ? "was accepted as far as its source's journal goes"
                                     : "was accepted";
  }
  if (evidence != Evidence::arrived || copies > 0) return {};
  return bounced > 0 ? "but bounces arrived" : "arrived";
}

// "2 duplicated, 1 altered": of all words but "lost", and where only `faults` are wanted but those
// that are none.
std::string others_of(const ProofCounts& counts, bool faults) {
  std::string text;
  for (const FaultWord& one : fault_words()) {
    const std::uint64_t number = one.count(counts);
    if ((faults && one.is == nullptr) || number == 0 || one.word == "lost") continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count(number), one.said);
  }
  return text;
}

// Cut rather than rounded: where one of a million is missing it is not 100%.
std::string share_of(std::uint64_t number, std::uint64_t all) {
  if (all == 0) return {};
  const double share = static_cast<double>(number) / static_cast<double>(all);
  return fmt::format("{:.6g}%", std::floor(share * 1e7) / 1e5);
}

void write_counts(Writer& out, const ProofReport& report) {
  const ProofCounts& counts = report.result.counts;
  const auto row = [&](std::string_view name, std::uint64_t number, std::string_view remark) {
    std::string text = fmt::format("  {:<11} {:>15} {}", name, count(number), remark);
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  const std::uint64_t delivered = counts.of(proof::Verdict::delivered);
  out.heading(unit(report.result, 1) == "message" ? "Messages"
                                                  : "Deliveries (a message to one recipient)");
  out.line("{}", row("accepted", counts.accepted, ""));
  out.line("{}", row("delivered", delivered, share_of(delivered, counts.accepted)));
  out.line("{}", row("in order", counts.in_order, "once, unaltered and in time"));
  const std::uint64_t other =
      counts.of(proof::Verdict::unexpected) - counts.other_run - counts.unstamped - counts.forged;
  for (const FaultWord& one : fault_words()) {
    const std::uint64_t number = one.count(counts);
    // Where there is none of the first four that is said, too.
    const bool always = &one < &fault_words()[4];
    if (number == 0 && !always) continue;
    std::string remark;
    if (one.word == "duplicated" && number > 0) {
      remark = fmt::format("{} {} too many", count(counts.surplus_copies),
                           counts.surplus_copies == 1 ? "copy" : "copies");
    } else if (one.word == "late") {
      remark = "later than " + latency(static_cast<double>(report.late_after.count())) +
               " after the server's yes";
    } else if (one.word == "undecided") {
      remark = "the journal of a sink broke off first";
    } else if (one.word == "in-doubt") {
      remark = fmt::format("{} arrived, {} did not", count(counts.of(proof::Verdict::doubt_seen)),
                           count(counts.of(proof::Verdict::doubt_unseen)));
    } else if (one.word == "unexpected") {
      remark = fmt::format("{} of other runs, {} unstamped, {} forged, {} not accepted",
                           count(counts.other_run), count(counts.unstamped), count(counts.forged),
                           count(other));
    }
    const std::string text = row(one.said, number, remark);
    const bool bad = number > 0 && one.is != nullptr;
    out.line("{}", bad ? out.style().red(text) : Styled{text});
  }
}

void write_contents(Writer& out, const ProofCounts& counts) {
  if (std::all_of(counts.by_comparison.begin() + 1, counts.by_comparison.end(),
                  [](std::uint64_t number) { return number == 0; })) {
    return;
  }
  out.heading("Contents");
  for (std::size_t place = 0; place < counts.by_comparison.size(); ++place) {
    const auto comparison = static_cast<proof::TakenVerdict>(place);
    const std::uint64_t number = counts.by_comparison[place];
    if (number == 0) continue;
    const bool altered = proof::is_altered(comparison);
    const std::string text = fmt::format("  {:<15} {:>11}{}", comparison_name(comparison),
                                         count(number), altered ? " altered" : "");
    out.line("{}", altered ? out.style().red(text) : Styled{text});
  }
}

struct LatencyColumn {
  const char* title;
  double share;  // of the percentile
};

constexpr std::array<LatencyColumn, 5> kLatencyColumns = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}}};

std::string latency_row(std::string_view name, const Histogram& histogram) {
  std::string text = fmt::format("  {:<25}", name);
  for (const LatencyColumn& column : kLatencyColumns) {
    text += fmt::format(" {:>8}", latency(static_cast<double>(histogram.percentile(column.share))));
  }
  return text;
}

void write_latencies(Writer& out, const proof::EndToEnd& all) {
  if (all.sent.empty()) return;
  std::string title = fmt::format("{:<27}", "Latency to the arrival");
  for (const LatencyColumn& column : kLatencyColumns) title += fmt::format(" {:>8}", column.title);
  out.heading(title);
  out.line("{}", latency_row("from when it was due", all.due));
  out.line("{}", latency_row("from when it was sent", all.sent));
  out.line("{}", latency_row("from the server's yes", all.acknowledged));
}

void write_groups(Writer& out, std::string_view title, const std::vector<NamedEndToEnd>& groups) {
  if (groups.size() < 2) return;
  std::vector<const NamedEndToEnd*> rows;
  for (const NamedEndToEnd& one : groups) rows.push_back(&one);
  std::stable_sort(rows.begin(), rows.end(), [](const auto* one, const auto* other) {
    return one->accepted > other->accepted;
  });
  out.heading(fmt::format("{:<{}} {:>12} {:>9} {:>9} {:>8} {:>8} {:>8}", title, kGroupWidth + 2,
                          "accepted", "lost", "faults", "p50", "p99", "max"));
  const std::size_t shown = rows.size() <= kMostGroups + 1 ? rows.size() : kMostGroups;
  for (std::size_t place = 0; place < shown; ++place) {
    const NamedEndToEnd& one = *rows[place];
    std::string text = "  " + fitted(one.name.empty() ? "(no name)" : one.name, kGroupWidth);
    text.append(kGroupWidth + 2 - columns_of(text), ' ');
    text +=
        fmt::format(" {:>12} {:>9} {:>9}", count(one.accepted), count(one.lost), count(one.faults));
    for (const double share : {0.5, 0.99, 1.0}) {
      text += fmt::format(" {:>8}",
                          one.latency.due.empty()
                              ? "-"
                              : latency(static_cast<double>(one.latency.due.percentile(share))));
    }
    out.line("{}", text);
  }
  if (shown < rows.size()) out.line("  and {} more", rows.size() - shown);
}

void write_side(Writer& out, std::string_view name,
                const std::vector<proof::JournalRead>& journals) {
  const std::uint64_t records = std::accumulate(
      journals.begin(), journals.end(), std::uint64_t{0},
      [](std::uint64_t sum, const proof::JournalRead& one) { return sum + one.records; });
  const std::string whose = journals.size() == 1
                                ? "records of " + journals.front().path
                                : fmt::format("records of {} journals", journals.size());
  out.line("  {:<11} {:>15} {}", name, count(records), whose);
}

void write_journals(Writer& out, const ProofReport& report) {
  out.heading("Journals");
  write_side(out, "sent", report.result.sent);
  write_side(out, "taken", report.result.taken);
  for (const JournalNote& note : journal_notes(report)) {
    const std::string text = "  " + note.text;
    out.line("{}", note.warning ? out.style().red(text) : Styled{text});
  }
}

}  // namespace

std::string unit(const Reconciliation& result, std::uint64_t number) {
  const ProofCounts& counts = result.counts;
  const std::uint64_t all =
      std::accumulate(counts.by_verdict.begin(), counts.by_verdict.end(), std::uint64_t{0});
  const std::uint64_t strays = counts.other_run + counts.unstamped + counts.forged;
  if (all - strays == result.messages) return number == 1 ? "message" : "messages";
  return number == 1 ? "delivery" : "deliveries";
}

std::string unproven(const Reconciliation& result, const FaultWord& word) {
  if (const std::string_view missing = missing_for(result, word.evidence); !missing.empty()) {
    return fmt::format("nothing {}, so nothing is proven", missing);
  }
  const std::uint64_t undecided = result.counts.of(proof::Verdict::undecided);
  const bool of_the_end = word.evidence == Evidence::decided || word.evidence == Evidence::answered;
  if (!of_the_end) return {};
  if (undecided > 0) {
    return fmt::format("{} undecided, so it is not proven that none is {}", undecided, word.said);
  }
  const std::string_view so_far = reservation(result);
  if (so_far.empty()) return {};
  return fmt::format("none is {}{}, so it is not proven of all", word.said, so_far);
}

bool is_good(const Reconciliation& result) {
  return result.faults == 0 && result.counts.accepted > 0 && reservation(result).empty();
}

std::string verdict(const ProofReport& report) {
  const ProofCounts& counts = report.result.counts;
  if (counts.accepted == 0) {
    const std::string_view missing = missing_for(report.result, Evidence::accepted);
    const std::string found = others_of(counts, false);
    return fmt::format("Nothing {}, so nothing is proven{}{}.", missing, found.empty() ? "" : ": ",
                       found);
  }
  const std::string others = others_of(counts, true);
  const std::string accepted =
      count(counts.accepted) + " accepted " + unit(report.result, counts.accepted);
  const std::uint64_t lost = counts.of(proof::Verdict::lost);
  if (of_another_key(report.result)) {
    return fmt::format(
        "All stamps that arrived were made with another key, so nothing is proven of {}: {}{}{}.",
        accepted, lost > 0 ? count(lost) + " lost" : "", lost > 0 && !others.empty() ? ", " : "",
        others);
  }
  if (lost > 0) {
    return fmt::format("LOST: {} of {} never arrived{}{}.", count(lost), accepted,
                       others.empty() ? "" : "; besides, ", others);
  }
  if (const std::uint64_t undecided = counts.of(proof::Verdict::undecided); undecided > 0) {
    return fmt::format(
        "Not decided: whether all of {} arrived, since a sink's journal broke off: {}.", accepted,
        others);
  }
  const std::string_view so_far = reservation(report.result);
  if (!others.empty()) {
    return fmt::format("Nothing lost of {}{}, but {}.", accepted, so_far, others);
  }
  return fmt::format("Nothing lost{}: {} of {} {} delivered once, unaltered and in time.", so_far,
                     count(counts.in_order), accepted, counts.accepted == 1 ? "was" : "were");
}

std::string summary(const ProofReport& report, const Style& style) {
  Writer out(style);
  const Reconciliation& result = report.result;
  const std::string sentence = verdict(report);
  out.line("{}", is_good(result) ? style.green(sentence) : style.red(sentence));
  write_counts(out, report);
  write_contents(out, result.counts);
  write_latencies(out, result.latency);
  write_groups(out, "Kinds", result.by_kind);
  write_groups(out, "Domains", result.by_domain);
  write_journals(out, report);
  return out.take();
}

}  // namespace millrace::report
