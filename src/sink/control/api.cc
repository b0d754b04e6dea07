#include "sink/control/api.h"

#include <string_view>
#include <utility>

#include "sink/control/lint_json.h"
#include "sink/control/live_page.h"
#include "sink/control/metrics_text.h"

namespace millrace::sink {

struct Api::Route {
  std::string_view method;
  std::string_view path;  // "*" stands for a name
  Answer answer;
};

// All there is; the first one that matches is taken.
const Api::Route Api::kRoutes[] = {
    {"GET", "/", &Api::get_page},
    {"GET", "/healthz", &Api::get_health},
    {"GET", "/api/v1/stats", &Api::get_stats},
    {"GET", "/api/v1/rules", &Api::get_rules},
    {"PUT", "/api/v1/rules", &Api::put_rules},
    {"GET", "/api/v1/rules/*", &Api::get_rule},
    {"PATCH", "/api/v1/rules/*", &Api::patch_rule},
    {"DELETE", "/api/v1/rules/*", &Api::delete_rule},
    {"GET", "/api/v1/messages", &Api::get_messages},
    {"DELETE", "/api/v1/messages", &Api::delete_messages},
    {"GET", "/api/v1/messages/*/raw", &Api::get_raw},
    {"GET", "/api/v1/messages/*", &Api::get_message},
    {"GET", "/api/v1/clients", &Api::get_clients},
    {"GET", "/api/v1/lint", &Api::get_lint},
    {"GET", "/api/v1/events", &Api::get_events},
    {"POST", "/api/v1/reset", &Api::reset},
    {"GET", "/metrics", &Api::get_metrics},
};

namespace {

// What stands in place of "*" in a path, empty where there is none; nothing: it is another path.
std::optional<std::string> name_in(std::string_view path, std::string_view route) {
  const std::size_t star = route.find('*');
  if (star == std::string_view::npos) {
    return path == route ? std::optional<std::string>("") : std::nullopt;
  }
  const std::string_view front = route.substr(0, star);
  const std::string_view back = route.substr(star + 1);
  if (path.size() <= front.size() + back.size()) return std::nullopt;
  if (!path.starts_with(front) || !path.ends_with(back)) return std::nullopt;
  path.remove_prefix(front.size());
  path.remove_suffix(back.size());
  return std::string(path);
}

}  // namespace

http::Response Api::answer(const http::Request& request) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    const auto name = name_in(request.path, route.path);
    if (!name) continue;
    if (route.method == request.method) return (this->*route.answer)(request, *name);
    allowed.append(allowed.empty() ? "" : ", ").append(route.method);
  }
  if (allowed.empty()) return http::refusal(404, "there is nothing of this name");
  http::Response response = http::refusal(405, "this can be " + allowed + " only");
  response.header.emplace_back("Allow", allowed);
  return response;
}

http::Response Api::get_page(const http::Request& /*request*/, const std::string& /*name*/) {
  return live_page();
}

http::Response Api::get_health(const http::Request& /*request*/, const std::string& /*name*/) {
  return {.media_type = "text/plain", .body = "ok\n"};
}

http::Response Api::get_stats(const http::Request& /*request*/, const std::string& /*name*/) {
  return json_response(stats_told());
}

// Rules first, so that all hits are before.
http::Response Api::reset(const http::Request& /*request*/, const std::string& /*name*/) {
  parts_.rules.restore();
  const bool everywhere = parts_.live.forget_clients();
  if (parts_.lint != nullptr) parts_.lint->reset();
  if (parts_.messages != nullptr) parts_.messages->forget(parts_.messages->all());
  Stats now = count();
  const std::lock_guard lock(mutex_);
  before_ = {.counted = std::move(now), .reset = wall_now()};
  news_.notify_all();
  if (everywhere) return {.status = 204};
  return http::refusal(503,
                       "all is reset but in a thread of the sink that is held up: until it is "
                       "not it goes by the rules of before, and what it has counted since it "
                       "was asked last counts as of now");
}

http::Response Api::get_metrics(const http::Request& /*request*/, const std::string& /*name*/) {
  return {.media_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = metrics_text(count(), start_)};
}

// What was before is taken first: else a reset in between would have it above what is now.
nlohmann::json Api::stats_told() {
  const Before before = before_now();
  nlohmann::json told =
      stats_json(count(), before.counted,
                 {.start = start_, .since = before.reset.value_or(start_), .began = began_});
  if (parts_.lint != nullptr) told["lint"] = lint_counts_json(parts_.lint->findings_since_reset());
  if (parts_.messages == nullptr) return told;
  const MessageMemory::Totals kept = parts_.messages->totals();
  told["store"] = {{"messages", kept.messages}, {"most", kept.most}, {"bytes", kept.bytes}};
  return told;
}

Api::Before Api::before_now() {
  const std::lock_guard lock(mutex_);
  return before_;
}

Stats Api::count() {
  Stats stats{.counts = parts_.live.ask(),
              .hits = parts_.rules.in_force().hits(),
              .http_failed = parts_.server.failed()};
  if (parts_.verification != nullptr) {
    stats.verify = parts_.verification->found_so_far();
    stats.runs = parts_.verification->runs_so_far();
  }
  if (parts_.lint != nullptr) stats.lint = parts_.lint->findings();
  return stats;
}

}  // namespace millrace::sink
