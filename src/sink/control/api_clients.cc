// The routes of clients: who they are, and what they do wrong.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sink/control/api.h"
#include "sink/control/lint_json.h"

namespace millrace::sink {
namespace {

using nlohmann::json;

// One moment on both clocks, by which others are put on that of the wall.
struct Clocks {
  TimePoint now = Clock::now();
  WallTime wall = wall_now();

  [[nodiscard]] std::string text(TimePoint moment) const {
    return wall_text(wall - std::chrono::floor<std::chrono::microseconds>(now - moment));
  }
};

json row_json(const std::string& address, const ClientRow& row, const Clocks& clocks) {
  return {{"address", address},
          {"helo", text_json(row.helo)},
          {"sessions_open", row.sessions_open},
          {"sessions", row.sessions},
          {"tls", row.tls},
          {"messages", row.messages},
          {"recipients", row.recipients},
          {"refused", row.refused},
          {"first", clocks.text(row.first)},
          {"last", clocks.text(row.last)}};
}

}  // namespace

http::Response Api::get_clients(const http::Request& /*request*/, const std::string& /*name*/) {
  const ClientCounts clients = parts_.live.ask_clients();
  std::vector<const ClientTable::Rows::value_type*> latest;
  for (const auto& entry : clients.rows) {
    if (entry.second.sessions > 0) latest.push_back(&entry);
  }
  std::sort(latest.begin(), latest.end(), [](const auto* one, const auto* other) {
    return std::pair(one->second.last, other->first) > std::pair(other->second.last, one->first);
  });
  json list = json::array();
  const Clocks clocks;
  for (const auto* entry : latest) list.push_back(row_json(entry->first, entry->second, clocks));
  return json_response({{"clients", std::move(list)}, {"others", clients.others}});
}

http::Response Api::get_lint(const http::Request& /*request*/, const std::string& /*name*/) {
  if (parts_.lint == nullptr) {
    return http::refusal(404, "clients are not judged: start the sink with --lint");
  }
  return json_response(lint_json(parts_.lint->found_since_reset()));
}

}  // namespace millrace::sink
