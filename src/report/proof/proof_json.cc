#include "report/proof/proof_json.h"

#include <nlohmann/json.hpp>

#include "report/json_metrics.h"
#include "report/proof/fault_table.h"
#include "report/proof/fault_words.h"
#include "report/proof/journal_notes.h"
#include "report/proof/proof_summary.h"

namespace millrace::report {
namespace {

using proof::Micros;

constexpr std::string_view kProofSchema = "millrace-proof/1.0";

double seconds_of(Micros time) { return static_cast<double>(time.count()) / 1e6; }

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json counts_of(const proof::ProofCounts& counts) {
  Json json{{"accepted", counts.accepted},
            {"delivered", counts.of(proof::Verdict::delivered)},
            {"in_order", counts.in_order}};
  for (const FaultWord& one : fault_words()) json[std::string(one.member)] = one.count(counts);
  json["surplus_copies"] = counts.surplus_copies;
  json["in_doubt_seen"] = counts.of(proof::Verdict::doubt_seen);
  json["in_doubt_unseen"] = counts.of(proof::Verdict::doubt_unseen);
  json["unexpected_other_run"] = counts.other_run;
  json["unexpected_unstamped"] = counts.unstamped;
  json["unexpected_forged"] = counts.forged;
  return json;
}

Json contents_of(const proof::ProofCounts& counts) {
  Json json = Json::object();
  for (std::size_t place = 0; place < counts.by_comparison.size(); ++place) {
    const auto comparison = static_cast<proof::TakenVerdict>(place);
    if (!proof::is_stamped(comparison)) continue;
    json[std::string(comparison_name(comparison))] = counts.by_comparison[place];
  }
  return json;
}

Json latency_of(const proof::EndToEnd& latency) {
  return {{"end_to_end", Latencies::written(latency.due)},
          {"from_sent", Latencies::written(latency.sent)},
          {"from_acknowledged", Latencies::written(latency.acknowledged)}};
}

Json groups_of(const std::vector<proof::NamedEndToEnd>& groups) {
  Json list = Json::array();
  for (const proof::NamedEndToEnd& one : groups) {
    list.push_back({{"name", one.name},
                    {"accepted", one.accepted},
                    {"lost", one.lost},
                    {"faults", one.faults},
                    {"latency", latency_of(one.latency)}});
  }
  return list;
}

Json journal_of(const proof::JournalRead& journal) {
  return {{"path", journal.path},
          {"run", proof::to_text(journal.run)},
          {"records", journal.records},
          {"broke_off", journal.broke_off},
          {"bytes_left_out", journal.left_out},
          {"one_clock", journal.one_clock}};
}

Json journals_of(const proof::Reconciliation& result) {
  Json sent = Json::array();
  for (const proof::JournalRead& one : result.sent) sent.push_back(journal_of(one));
  Json taken = Json::array();
  for (const proof::JournalRead& one : result.taken) {
    Json json = journal_of(one);
    json["tags_checked"] = !one.unchecked;
    json["shortest_way_us"] = one.shortest ? Json(one.shortest->count()) : Json();
    taken.push_back(std::move(json));
  }
  return {{"sent", std::move(sent)}, {"taken", std::move(taken)}};
}

Json latency_series_of(const proof::Reconciliation& result) {
  Json rows = Json::array();
  for (const proof::LatencyRow& one : result.latency_series) {
    rows.push_back({{"second", one.second},
                    {"count", one.count},
                    {"p50_us", one.p50},
                    {"p90_us", one.p90},
                    {"p99_us", one.p99},
                    {"max_us", one.most}});
  }
  return {{"length_s", result.latency_row_seconds}, {"rows", std::move(rows)}};
}

Json fault_object(const proof::Fault& fault) {
  Json what = Json::array();
  for (const FaultWord& one : fault_words()) {
    if (one.is != nullptr && one.is(fault)) what.push_back(one.word);
  }
  const bool stamped = proof::is_stamped(fault.comparison);
  const bool known = stamped && fault.recipient != proof::kUnknownRecipient;
  return {{"what", std::move(what)},
          {"run", or_null(fault.run)},
          {"message", stamped ? Json(fault.message) : Json()},
          {"recipient", known ? Json(fault.recipient) : Json()},
          {"kind", fault.kind},
          {"domain", fault.domain},
          {"queue_id", or_null(queue_id_of(fault))},
          {"code", fault.code == 0 ? Json() : Json(fault.code)},
          {"due", or_null(utc_time(fault.due))},
          {"sent", or_null(utc_time(fault.sent))},
          {"acknowledged", or_null(utc_time(fault.acknowledged))},
          {"taken", or_null(utc_time(fault.taken))},
          {"content", fault.copies == 0 ? Json() : Json(comparison_name(fault.comparison))},
          {"copies", fault.copies},
          {"reason", or_null(reason_of(fault))},
          {"sink_text", or_null(fault.taken_text)},
          {"journal", or_null(fault.taken_in)}};
}

std::string dumped(const Json& json, int indent) {
  return json.dump(indent, ' ', true, Json::error_handler_t::replace);
}

// A row a line, put together by hand: two weeks of seconds as one document would take more memory
// than all that reconciling did.
void append_series(const std::vector<proof::ProofSecond>& series, std::string& text) {
  for (std::size_t second = 0; second < series.size(); ++second) {
    const proof::ProofSecond& one = series[second];
    fmt::format_to(std::back_inserter(text),
                   "{}\n  {{\"second\": {}, \"accepted\": {}, \"arrived\": {}, \"backlog\": {}, "
                   "\"faults\": {}}}",
                   second == 0 ? "" : ",", second, one.accepted, one.arrived, one.backlog,
                   one.faults);
  }
}

}  // namespace

std::string to_json(const ProofReport& report) {
  const proof::Reconciliation& result = report.result;
  Json notes = Json::array();
  for (const JournalNote& note : journal_notes(report)) {
    notes.push_back({{"text", note.text}, {"warning", note.warning}});
  }
  Json faults = Json::array();
  for (const proof::Fault& fault : report.first_faults) faults.push_back(fault_object(fault));
  const Json json{{"schema", kProofSchema},
                  {"program", report.program},
                  {"command_line", report.command_line},
                  {"start", utc_time(result.start)},
                  {"late_after_s", seconds_of(report.late_after)},
                  {"clock_offset_s", seconds_of(report.clock_offset)},
                  {"verdict", verdict(report)},
                  {"good", is_good(result)},
                  {"unit", unit(result, 1)},
                  {"messages", result.messages},
                  {"counts", counts_of(result.counts)},
                  {"contents", contents_of(result.counts)},
                  {"latency", latency_of(result.latency)},
                  {"kinds", groups_of(result.by_kind)},
                  {"domains", groups_of(result.by_domain)},
                  {"journals", journals_of(result)},
                  {"notes", std::move(notes)},
                  {"faults", result.faults},
                  {"first_faults", std::move(faults)},
                  {"latency_series", latency_series_of(result)},
                  {"events_beyond_series", result.beyond_series}};
  std::string text = dumped(json, 1);
  text.erase(text.rfind("\n}"));
  text += ",\n \"series\": [";
  append_series(result.series, text);
  return text.append(result.series.empty() ? "" : "\n ").append("]\n}\n");
}

}  // namespace millrace::report
