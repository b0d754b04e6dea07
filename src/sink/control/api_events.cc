// The route of events (server-sent events, as HTML has them).

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "sink/control/api.h"
#include "sink/control/message_json.h"

namespace millrace::sink {
namespace {

constexpr std::size_t kMostWatchers = 16;
constexpr std::chrono::seconds kInterval{1};  // between stats
constexpr std::size_t kMostMessages = 50;     // of an event

// `data`: JSON, which has no line end in it.
void append_event(std::string_view name, std::string_view data, std::string& text) {
  text.append("event: ").append(name).append("\ndata: ").append(data).append("\n\n");
}

}  // namespace

http::Response Api::get_events(const http::Request& /*request*/, const std::string& /*name*/) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return http::refusal(503, "the sink ends");
    if (listeners_ == kMostWatchers) return http::refusal(503, "too many listen to events");
    ++listeners_;
  }
  // Without the lock: where there is no memory the place is given back at once.
  const std::shared_ptr<void> place(nullptr, [this](void*) {
    const std::lock_guard leaving(mutex_);
    --listeners_;
  });
  return {.media_type = "text/event-stream",
          .next = [this, place, told = Told{.next_stats = Clock::now()}]() mutable {
            return next_events(told);
          }};
}

// Nothing: the sink ends.
std::optional<std::string> Api::next_events(Told& told) {
  {
    std::unique_lock lock(mutex_);
    news_.wait_until(lock, told.next_stats,
                     [&] { return ended_ || parts_.rules.changes() != told.rules; });
    if (ended_) return std::nullopt;
  }
  std::string text;
  if (const std::uint64_t changes = parts_.rules.changes();
      changes != told.rules || !told.anything) {
    told.rules = changes;
    append_event("rules", rules_told().dump(), text);
  }
  if (const TimePoint now = Clock::now(); now >= told.next_stats) {
    told.next_stats = now + kInterval;
    append_event("stats", stats_told().dump(), text);
    if (parts_.messages != nullptr) {
      const auto latest = parts_.messages->behind(told.messages, kMostMessages);
      if (latest.taken != told.messages) {
        append_event("messages",
                     messages_text(latest.messages,
                                   {.found = latest.taken - told.messages,
                                    .kept = latest.kept,
                                    .up_to_here = latest.kept},
                                   kBoundsOfEvent),
                     text);
      }
      told.messages = latest.taken;
    }
  }
  told.anything = true;
  return text;
}

void Api::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  news_.notify_all();
}

}  // namespace millrace::sink
