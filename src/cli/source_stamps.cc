#include "cli/source_stamps.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "base/diagnostics.h"
#include "cli/source_arguments.h"
#include "cli/text_values.h"
#include "proof/journal_record.h"
#include "proof/stamp.h"
#include "report/threshold.h"

namespace millrace::cli {
namespace {

// How long behind a run what has not arrived is waited for, unless that is said.
constexpr std::chrono::seconds kArrivalSettle{60};

// Whether such a count was asked for; one that may be drawn now and then was not.
bool names_too_many(const mail::WeightedDistribution& count) {
  constexpr auto kMost = static_cast<double>(proof::kMostRecipients);
  if (const auto* const constant = std::get_if<Constant>(&count.distribution)) {
    return constant->value > kMost;
  }
  const auto* const uniform = std::get_if<Uniform>(&count.distribution);
  return uniform != nullptr && uniform->most > kMost;
}

// Every threshold, those of a search as well.
std::vector<const report::Threshold*> all_terms(const SourceArguments& given) {
  std::vector<const report::Threshold*> terms;
  const auto add = [&terms](const std::vector<report::Threshold>& more) {
    for (const report::Threshold& term : more) terms.push_back(&term);
  };
  add(given.report.thresholds);
  if (given.find_rate) add(*given.find_rate);
  if (given.find_sessions) add(*given.find_sessions);
  return terms;
}

// How long what has not arrived is waited for: no less than a term allows it to take.
Duration arrival_settle(const SourceArguments& given) {
  Duration settle = given.settle.value_or(kArrivalSettle);
  for (const report::Threshold* const term : all_terms(given)) {
    const auto bound = term->arrival_bound();
    if (!bound || *bound <= settle) continue;
    if (given.settle) {
      throw Fatal(
          fmt::format("--settle is shorter than {} allows: what has not arrived by then "
                      "would count as if it never did",
                      term->text()));
    }
    settle = *bound;
  }
  return settle;
}

}  // namespace

void add_stamp_options(CommandLine& line, SourceArguments& given) {
  OptionGroup group(line, "Proof that nothing was lost");
  group.value("--stamp", "FILE", "stamp each message, and write what became\nof it to this journal",
              given.stamp, journal_file);
  group.value("--stamp-key", "FILE", "make stamps with this key (one of the run)", given.stamp_key,
              some_text);
  group.flag("--stamp-body", "the stamp in the body too", given.stamp_body);
  using Form = proof::TokenForm;
  group.value("--stamp-recipients", "FORM",
              "tell recipients apart by their addresses:\ntagged or numbered",
              given.stamp_recipients,
              one_of<Form>("form", {{"tagged", Form::tagged}, {"numbered", Form::numbered}}));
  group.each("--sink-journal", "FILE",
             "tell what arrived when, by this journal of a\nsink on this host (e2e.p99, backlog)",
             given.sink_journal, some_text);
  group.flag("--journal-sync", "have the journal on the disk each time", given.journal_sync);
}

void build_arrivals(const SourceArguments& given, source::SourceOptions& options) {
  if (given.follows()) {
    options.end_to_end = {.journals = given.sink_journal, .settle = arrival_settle(given)};
    return;
  }
  for (const report::Threshold* const term : all_terms(given)) {
    if (!term->end_to_end()) continue;
    throw Fatal(fmt::format(
        "{} is about the arrival at a sink: it needs --stamp FILE, and --sink-journal with the "
        "file that smtp-sink --verify writes on this host",
        term->text()));
  }
}

void build_stamps(const SourceArguments& given, source::SourceOptions& options) {
  if (!given.stamp) return;
  options.stamp = {.journal = *given.stamp,
                   .in_body = given.stamp_body,
                   .sync = given.journal_sync ? proof::Sync::block : proof::Sync::none};
  if (given.stamp_key) options.stamp->key = proof::StampKey::from_file(*given.stamp_key);
  mail::EnvelopeOptions& envelope = options.message.envelope;
  envelope.added = proof::kStampSize * (given.stamp_body ? 2 : 1);
  if (!given.stamp_recipients) return;
  envelope.mark = [form = *given.stamp_recipients](std::uint64_t message, std::size_t recipient,
                                                   std::string& text) {
    proof::append_token({.message = message, .recipient = recipient}, form, text);
  };
}

void check_stamps(const SourceArguments& given, const mail::Scenario& scenario) {
  const auto& counts = scenario.recipients.count;
  if (given.stamp && std::ranges::any_of(counts, names_too_many)) {
    throw Fatal(
        "--stamp tells at most 65,535 recipients of a message apart: the scenario has a count of "
        "more");
  }
  const bool any = std::ranges::any_of(
      scenario.kinds, [](const mail::MessageKind& kind) { return kind.dkim.has_value(); });
  if (!given.stamp_body || !any) return;
  throw Fatal(
      "--stamp-body cannot be used: the scenario says dkim, whose signatures would not hold with "
      "more in the body");
}

}  // namespace millrace::cli
