#include "cli/fleet_sink_options.h"

#include <nlohmann/json.hpp>

#include "cli/refusal.h"

namespace millrace::cli {
namespace {

using Ticks = Duration::rep;

constexpr Refusal<SinkArguments> kSinkRefusals[] = {
    {[](const auto& given) { return given.check_rules; },
     "--check-rules takes no mail: use smtp-sink"},
    {[](const auto& given) { return given.dump_each || given.dump_all; },
     "-d and -D write files for each process: use smtp-sink on each host"},
    {[](const auto& given) { return given.has_stores(); },
     "--store keeps what one process takes: use smtp-sink on each host"},
    {[](const auto& given) { return given.verify.has_value(); },
     "--verify writes a journal for each process: use smtp-sink on each host"},
    {[](const auto& given) { return given.http.has_value(); },
     "--http asks and steers one process: use smtp-sink on each host"},
    {[](const auto& given) { return given.run_as || given.chroot; },
     "-u and -R give up rights that MPI needs to the end: have mpirun started by that user"},
};

// Null for nothing.
template <typename Value>
nlohmann::json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

template <typename Value>
std::optional<Value> if_there(const nlohmann::json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<Value>();
}

}  // namespace

SinkArguments read_fleet_sink_arguments(int argc, const char* const* argv) {
  SinkArguments given = read_sink_arguments(argc, argv, "smtp-sink-mpi");
  refuse<SinkArguments>(given, kSinkRefusals);
  given.report.imply_summary();
  return given;
}

SinkGoal goal_of(const sink::SinkOptions& options) {
  return {.messages = options.message_quota,
          .quits = options.quit_quota,
          .idle = options.stop_when_idle};
}

std::string to_letter(const SinkOpening& opening) {
  std::optional<Ticks> idle;
  if (opening.goal.idle) idle = opening.goal.idle->count();
  return nlohmann::json{{"messages", or_null(opening.goal.messages)},
                        {"quits", or_null(opening.goal.quits)},
                        {"idle", or_null(idle)},
                        {"counted", opening.counted}}
      .dump();
}

SinkOpening read_sink_opening(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  SinkOpening opening{.goal = {.messages = if_there<std::uint64_t>(json.at("messages")),
                               .quits = if_there<std::uint64_t>(json.at("quits"))},
                      .counted = json.at("counted")};
  if (const auto idle = if_there<Ticks>(json.at("idle"))) opening.goal.idle = Duration(*idle);
  return opening;
}

void take_share(sink::SinkOptions& options, const SinkOpening& opening, unsigned rank,
                unsigned ranks) {
  options.message_quota = opening.goal.messages;
  options.quit_quota = opening.goal.quits;
  options.stop_when_idle = opening.goal.idle;
  options.show_counters = false;
  if (options.answers && options.answers->rate) *options.answers->rate /= ranks;
  if (options.seed) *options.seed += rank;
}

}  // namespace millrace::cli
