#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"
#include "http/exchange.h"
#include "http/server.h"
#include "sink/control/live_counts.h"
#include "sink/control/stats.h"
#include "sink/lint/lint_totals.h"
#include "sink/rule_book.h"
#include "sink/store/message_memory.h"
#include "sink/verify/verification.h"

namespace millrace::sink {

// What a sink answers over HTTP: a row a route (api.cc), each a function of a request. Safe on all
// threads.
class Api {
 public:
  // What it tells of and changes; all of it must outlive this.
  struct Parts {
    const http::Server& server;
    LiveCounts& live;
    RuleBook& rules;
    Verification* verification = nullptr;  // null: nothing is verified
    LintTotals* lint = nullptr;            // null: nobody is judged
    MessageMemory* messages = nullptr;     // null: none are kept in memory
  };

  explicit Api(const Parts& parts) : parts_(parts) {}

  http::Response answer(const http::Request& request);
  // Nobody waits for events any more.
  void end();

 private:
  struct Route;
  using Answer = http::Response (Api::*)(const http::Request& request, const std::string& name);

  static const Route kRoutes[];

  // `name`: what stands in place of "*" in the route.
  http::Response get_page(const http::Request& request, const std::string& name);
  http::Response get_health(const http::Request& request, const std::string& name);
  http::Response get_stats(const http::Request& request, const std::string& name);
  http::Response get_rules(const http::Request& request, const std::string& name);
  http::Response put_rules(const http::Request& request, const std::string& name);
  http::Response get_rule(const http::Request& request, const std::string& name);
  http::Response patch_rule(const http::Request& request, const std::string& name);
  http::Response delete_rule(const http::Request& request, const std::string& name);
  http::Response get_messages(const http::Request& request, const std::string& name);
  http::Response delete_messages(const http::Request& request, const std::string& name);
  http::Response get_message(const http::Request& request, const std::string& name);
  http::Response get_raw(const http::Request& request, const std::string& name);
  http::Response get_clients(const http::Request& request, const std::string& name);
  http::Response get_lint(const http::Request& request, const std::string& name);
  http::Response get_metrics(const http::Request& request, const std::string& name);
  http::Response get_events(const http::Request& request, const std::string& name);
  http::Response reset(const http::Request& request, const std::string& name);

  // What one listener to events has been told.
  struct Told {
    TimePoint next_stats;  // when they are due
    std::uint64_t rules = 0;
    std::uint64_t messages = 0;
    bool anything = false;
  };
  std::optional<std::string> next_events(Told& told);
  std::shared_ptr<const std::string> lend(const Remembered& message);

  // What was counted before the last reset, and when that was.
  struct Before {
    Stats counted;
    std::optional<WallTime> reset;
  };

  Before before_now();
  Stats count();
  nlohmann::json stats_told();
  // What became of a change of the rules.
  enum class Changed : std::uint8_t { nothing, everywhere, not_yet_everywhere };
  Changed change_rules(const std::function<bool(rules::RulesRead& named)>& change);
  nlohmann::json rules_told();
  // How often each rule was used before the last reset, and by now.
  struct HitsTold {
    rules::Hits before;
    rules::Hits now;
  };
  HitsTold count_hits();

  const Parts parts_;
  const WallTime start_ = wall_now();
  const TimePoint began_ = Clock::now();
  std::mutex mutex_;  // of what follows
  Before before_;
  bool ended_ = false;
  std::size_t listeners_ = 0;     // to events
  std::uint64_t being_read_ = 0;  // bytes of contents
  std::condition_variable news_;
};

}  // namespace millrace::sink
