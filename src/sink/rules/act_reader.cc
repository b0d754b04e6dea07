#include "sink/rules/act_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/ascii.h"
#include "base/number.h"
#include "base/quantity.h"
#include "config/words.h"
#include "sink/rules/rule_values.h"

namespace millrace::sink::rules {
namespace {

using config::Entry;
using config::KeyReader;
using config::place_of;
using config::Value;
using config::Words;

constexpr std::size_t kLongestAutoReply = 16 * 1024;  // bytes

constexpr std::string_view kDelays =
    "as 1s, 1s-5s, exponential 2s, lognormal 800ms 2.0, pareto 100ms 1.5 or {1}, at most 1h";

// A time above 0.
std::optional<Duration> read_time(const Entry& entry) {
  const auto value = entry.value();
  if (!value) return std::nullopt;
  const auto time = duration(value->text);
  if (time && *time > Duration::zero()) return time;
  entry.reject(*value, "a time above 0, as 10ms, 5s, 5m or 1h");
  return std::nullopt;
}

std::optional<Delay> read_length(const Entry& entry) {
  const auto value = entry.value();
  if (!value) return std::nullopt;
  auto delay = parse_delay(value->text);
  if (!delay) entry.reject(*value, kDelays);
  return delay;
}

std::optional<ReplyText> read_reply_text(const Entry& entry) {
  std::vector<std::string> lines;
  for (Value& value : entry.values(true)) lines.push_back(std::move(value.text));
  if (lines.empty()) return std::nullopt;
  std::string why;
  auto reply = ReplyText::parse(lines, why);
  if (!reply) entry.reject(lines.front(), why);
  return reply;
}

// --- the session

void read_reply(const Entry& entry, Act& act) { act.reply = read_reply_text(entry); }

void read_raw(const Entry& entry, Act& act) {
  const auto text = entry.text();
  if (!text) return;
  act.raw = true;
  auto bytes = parse_raw(*text);
  if (!bytes || bytes->empty()) {
    entry.reject(*text, "bytes, of which \\xHH is one and \\\\ a backslash");
    return;
  }
  act.reply = ReplyText::raw(std::move(*bytes));
}

void read_repeat(const Entry& entry, Act& act) {
  const auto value = entry.value();
  if (!value) return;
  constexpr auto kForever = std::numeric_limits<std::size_t>::max();
  const auto times = value->text == "forever" ? kForever : whole_number(value->text, 1);
  if (!times) return entry.reject(*value, "how many times, at least 1, or forever");
  act.repeat = *times;
}

void read_disconnect(const Entry& entry, Act& act) {
  constexpr Words<Disconnect, 3> kWords = {
      {{"close", Disconnect::close}, {"reset", Disconnect::reset}, {"421", Disconnect::farewell}}};
  config::read_word(entry, kWords, act.disconnect);
}

void read_delay(const Entry& entry, Act& act) { act.delay = read_length(entry); }

void read_tarpit(const Entry& entry, Act& act) {
  act.tarpit = read_time(entry).value_or(Duration::zero());
}

void read_throttle(const Entry& entry, Act& act) {
  const auto value = entry.value();
  if (!value) return;
  const auto bytes = parse_throttle(value->text);
  if (!bytes) return entry.reject(*value, "bytes a second, as 10K/s");
  act.throttle = *bytes;
}

void read_drop_after(const Entry& entry, Act& act) {
  const auto value = entry.value();
  if (!value) return;
  act.drop_after = byte_size(value->text);
  if (!act.drop_after) entry.reject(*value, "a number of bytes, as 4096, 64K or 10M");
}

void read_greylist(const Entry& entry, Act& act) { act.greylist = read_time(entry); }

void read_tls_fault(const Entry& entry, Act& act) {
  constexpr Words<TlsFault, 6> kWords = {{{"alert", TlsFault::alert},
                                          {"stall", TlsFault::stall},
                                          {"expired", TlsFault::expired},
                                          {"wrong-name", TlsFault::wrong_name},
                                          {"self-signed", TlsFault::self_signed},
                                          {"garbage", TlsFault::garbage}}};
  config::read_word(entry, kWords, act.tls_fault);
}

void read_stall(const Entry& entry, Act& act) { act.stall = entry.is_true(); }
void read_log(const Entry& entry, Act& act) { act.log = entry.is_true(); }
// That nothing else is done is what it says.
void read_accept(const Entry& entry, Act& /*act*/) { static_cast<void>(entry.is_true()); }

// --- what comes back later

// Whether a text is as it will be sent; what replies have filled in would stand there in braces.
bool says_it_all(const Entry& entry, const std::string& text) {
  const std::string_view placeholder = ReplyText::placeholder_in(text);
  if (placeholder.empty()) return true;
  entry.reject(text, fmt::format("no {}: nothing is filled in", placeholder));
  return false;
}

// What of one is read.
struct LaterDraft {
  LaterAnswer answer;
  std::optional<ReplyText> reply;
};

void read_later_delay(const Entry& entry, LaterDraft& draft) {
  draft.answer.delay = read_length(entry).value_or(Delay{});
}

void read_bounce_reply(const Entry& entry, LaterDraft& draft) {
  const auto text = entry.text();
  if (!text) return;
  const std::string_view code = std::string_view(*text).substr(0, 3);
  const bool refusal = is_reply_code(code) && (code[0] == '4' || code[0] == '5') &&
                       text->size() > 4 && (*text)[3] == ' ';
  const std::string_view status =
      refusal ? enhanced_code(std::string_view(*text).substr(4)) : std::string_view();
  if (status.empty() || status[0] != code[0] ||
      std::any_of(text->begin(), text->end(), is_control)) {
    return entry.reject(*text, "as 550 5.1.1 User unknown: a 4xx or 5xx code and an enhanced one");
  }
  if (!says_it_all(entry, *text)) return;
  draft.answer.status = status;
  draft.answer.diagnostic = *text;
}

void read_later_text(const Entry& entry, LaterDraft& draft) {
  const auto text = entry.text();
  if (!text) return;
  if (text->empty() || text->size() > kLongestAutoReply || text->find('\0') != std::string::npos) {
    return entry.reject(*text, "what the answer says, at most 16 KiB");
  }
  if (!says_it_all(entry, *text)) return;
  draft.answer.text = *text;
}

constexpr std::array<KeyReader<LaterDraft>, 2> kBounce = {
    {{"reply", read_bounce_reply}, {"delay", read_later_delay}}};
constexpr std::array<KeyReader<LaterDraft>, 1> kComplaint = {{{"delay", read_later_delay}}};
constexpr std::array<KeyReader<LaterDraft>, 2> kAutoReply = {
    {{"text", read_later_text}, {"delay", read_later_delay}}};

// Reads the table of one; `required`: the key that it cannot do without, or none.
template <typename Readers>
void read_later(const Entry& entry, LaterAnswer::Kind kind, const Readers& readers,
                std::string_view required, Act& act) {
  LaterDraft draft{.answer = {.kind = kind}};
  const auto* table = entry.node().as_table();
  if (table == nullptr) {
    entry.mistakes().add(place_of(entry.node()), fmt::format("bad {}", entry.key()),
                         required.empty() ? "true, or a table with a delay"
                                          : fmt::format("a table with a {}", required));
    return;
  }
  config::read_table(*table, entry.key(), readers, draft, entry.mistakes());
  if (!required.empty() && !table->contains(required)) {
    entry.mistakes().add(entry.place(), fmt::format("{} has no {}", entry.key(), required));
  }
  act.later.push_back(std::move(draft.answer));
}

void read_bounce_later(const Entry& entry, Act& act) {
  read_later(entry, LaterAnswer::Kind::bounce, kBounce, "reply", act);
}

void read_complaint(const Entry& entry, Act& act) {
  if (entry.node().is_boolean()) {
    if (entry.is_true()) act.later.push_back({.kind = LaterAnswer::Kind::complaint});
    return;
  }
  read_later(entry, LaterAnswer::Kind::complaint, kComplaint, "", act);
}

void read_auto_reply(const Entry& entry, Act& act) {
  read_later(entry, LaterAnswer::Kind::auto_reply, kAutoReply, "text", act);
}

constexpr std::array<KeyReader<Act>, 16> kActKeys = {{
    {"reply", read_reply},
    {"raw", read_raw},
    {"repeat", read_repeat},
    {"disconnect", read_disconnect},
    {"delay", read_delay},
    {"tarpit", read_tarpit},
    {"throttle", read_throttle},
    {"stall", read_stall},
    {"greylist", read_greylist},
    {"drop_after", read_drop_after},
    {"tls_fault", read_tls_fault},
    {"log", read_log},
    {"accept", read_accept},
    {"bounce_later", read_bounce_later},
    {"complaint", read_complaint},
    {"auto_reply", read_auto_reply},
}};

}  // namespace

Act read_act(const toml::table& table, config::Mistakes& mistakes) {
  Act act;
  config::read_table(table, "act", kActKeys, act, mistakes);
  return act;
}

}  // namespace millrace::sink::rules
