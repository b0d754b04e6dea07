#include "sink/rules/match_reader.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/diagnostics.h"
#include "base/number.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "config/words.h"
#include "sink/rules/rule_values.h"
#include "smtp/keyword.h"

namespace millrace::sink::rules {
namespace {

using config::Entry;
using config::KeyReader;
using config::meaning;
using config::Mistakes;
using config::place_of;
using config::Value;
using config::Words;

// What has been read so far; what belongs together is put together when all is.
struct MatchDraft {
  MatchRead read;
  std::optional<Per> per;
  std::optional<Duration> every;
};

// Takes the "!" off a value that is negated.
bool take_negation(std::string& text) {
  if (!text.starts_with('!')) return false;
  text.erase(0, 1);
  return true;
}

// --- commands

Moments all_commands() {
  Moments all;
  return all.set().reset(kContent);  // content is no command: it has to be named
}

std::optional<Moments> moments_of(std::string_view name) {
  if (name == "*") return all_commands();
  Moments one;
  if (smtp::same_keyword(name, moment_name(kContent))) return one.set(kContent);
  const auto verb = smtp::find_verb(name);
  if (!verb) return std::nullopt;
  return one.set(moment(*verb));
}

void read_command(const Entry& entry, MatchDraft& draft) {
  Moments named;
  Moments negated;
  bool any = false;
  bool& all = draft.read.all_commands;
  for (const Value& value : entry.values(true)) {
    std::string name = value.text;
    const bool negation = take_negation(name);
    const auto moments = moments_of(name);
    if (!moments) {
      entry.reject(value, fmt::format("one of {}, {} or *", fmt::join(smtp::kVerbKeywords, ", "),
                                      moment_name(kContent)));
      return;
    }
    (negation ? negated : named) |= *moments;
    any = any || !negation;
    all = all || name == "*";
  }
  if (!any && negated.any()) {
    all = true;
    named = all_commands();
  }
  draft.read.match.moments = named & ~negated;
  if (negated.any() && draft.read.match.moments.none()) {
    entry.mistakes().add(entry.place(), "command leaves none to match");
  }
}

// --- patterns

// A pattern, as it was written; that of the null sender ("" or "<>") where there may be one.
std::optional<Pattern> read_pattern(std::string text, bool null_sender, std::string& why) {
  if (null_sender && text == "<>") text.clear();
  if (text.empty() && !null_sender) {
    why = "a pattern; \"!?*\" matches what is empty";
    return std::nullopt;
  }
  auto pattern = Pattern::parse(text, why);
  if (!pattern) why.insert(0, "a glob or a /regex/: ");
  return pattern;
}

Patterns read_patterns(const Entry& entry, bool null_sender) {
  Patterns patterns;
  for (const Value& value : entry.values(true)) {
    std::string text = value.text;
    const bool negated = take_negation(text);
    std::string why;
    if (auto pattern = read_pattern(text, null_sender, why)) {
      patterns.add(std::move(*pattern), negated);
    } else {
      entry.reject(value, why);
    }
  }
  return patterns;
}

template <std::optional<Patterns> Match::*kCondition>
void read_globs(const Entry& entry, MatchDraft& draft) {
  draft.read.match.*kCondition = read_patterns(entry, kCondition == &Match::sender);
}

// --- the session

void read_client(const Entry& entry, MatchDraft& draft) {
  Clients clients;
  for (const Value& value : entry.values(true)) {
    std::string text = value.text;
    const bool negated = take_negation(text);
    const bool whole = text.find('\0') == std::string::npos;  // it ends what C takes for a text
    try {
      (negated ? clients.none : clients.any).emplace_back(whole ? text : std::string());
    } catch (const Fatal&) {
      entry.reject(value, "an address, a network as 10.0.0.0/8, or unix");
    }
  }
  draft.read.match.client = std::move(clients);
}

void read_tls(const Entry& entry, MatchDraft& draft) {
  using Is = TlsCondition::Is;
  constexpr Words<Is, 4> kWords = {
      {{"true", Is::on}, {"false", Is::off}, {"1.2", Is::tls12}, {"1.3", Is::tls13}}};
  TlsCondition tls;
  for (const Value& value : entry.values()) {
    std::string text = value.text;
    const bool negated = take_negation(text);
    if (const auto is = meaning(kWords, text)) {
      (negated ? tls.none : tls.any).push_back(*is);
    } else {
      entry.reject(value, "true, false, 1.2 or 1.3");
    }
  }
  draft.read.match.tls = std::move(tls);
}

void read_authenticated(const Entry& entry, MatchDraft& draft) {
  constexpr Words<bool, 2> kTruths = {{{"true", true}, {"false", false}}};
  if (!entry.node().is_array()) {
    const auto value = entry.value();
    if (!value) return;
    if (const auto truth = meaning(kTruths, value->text)) {
      draft.read.match.authenticated = Authenticated{.wanted = *truth};
      return;
    }
  }
  Patterns users;
  for (const Value& value : entry.values(true)) {
    std::string text = value.text;
    const bool negated = take_negation(text);
    std::string why = "true or false alone, or patterns of users";
    auto pattern =
        meaning(kTruths, text) ? std::nullopt : read_pattern(std::move(text), false, why);
    if (pattern) {
      users.add(std::move(*pattern), negated);
    } else {
      entry.reject(value, why);
    }
  }
  draft.read.match.authenticated = Authenticated{.user = std::move(users)};
}

void read_size(const Entry& entry, MatchDraft& draft) {
  for (const Value& value : entry.values()) {
    if (const auto range = parse_size_range(value.text)) {
      draft.read.match.size.push_back(*range);
    } else {
      entry.reject(value, "as >1M, >=1M, <10K, <=10K, 10K-1M or 5000");
    }
  }
}

// --- time and counts

void read_during(const Entry& entry, MatchDraft& draft) {
  const auto value = entry.value();
  if (!value) return;
  draft.read.match.during = parse_during(value->text);
  if (!draft.read.match.during) entry.reject(*value, "as 60s-90s, or 60s- without an end");
}

void read_every(const Entry& entry, MatchDraft& draft) {
  const auto value = entry.value();
  if (!value) return;
  draft.every = duration(value->text);
  if (!draft.every) entry.reject(*value, "a time, as 90s, 10m or 1h");
}

void read_sessions_over(const Entry& entry, MatchDraft& draft) {
  const auto value = entry.value();
  if (!value) return;
  if (const auto count = whole_number(value->text)) {
    draft.read.match.sessions_over = SessionsOver{.count = *count};
  } else {
    entry.reject(*value, "a whole number");
  }
}

void read_nth(const Entry& entry, MatchDraft& draft) {
  const auto value = entry.value();
  if (!value) return;
  if (const auto nth = whole_number(value->text, 1)) {
    draft.read.match.nth = *nth;
  } else {
    entry.reject(*value, "a whole number, at least 1");
  }
}

void read_probability(const Entry& entry, MatchDraft& draft) {
  const auto value = entry.value();
  if (!value) return;
  draft.read.match.probability = share(value->text);
  if (!draft.read.match.probability) entry.reject(*value, "a share, as 2% or 0.02");
}

void read_over(const Entry& entry, MatchDraft& draft) {
  const auto value = entry.value();
  if (!value) return;
  draft.read.match.over = parse_over(value->text);
  if (!draft.read.match.over) entry.reject(*value, "as 20/1m: how many in which time");
}

void read_per(const Entry& entry, MatchDraft& draft) {
  constexpr Words<Per, 7> kWords = {{{"client", Per::client},
                                     {"session", Per::session},
                                     {"sender", Per::sender},
                                     {"recipient", Per::recipient},
                                     {"domain", Per::domain},
                                     {"listener", Per::listener},
                                     {"all", Per::all}}};
  const auto value = entry.value();
  if (!value) return;
  draft.per = meaning(kWords, value->text);
  if (!draft.per) {
    entry.reject(*value, "client, session, sender, recipient, domain, listener or all");
  }
}

constexpr std::array<KeyReader<MatchDraft>, 18> kMatchKeys = {{
    {"command", read_command},
    {"sender", read_globs<&Match::sender>},
    {"recipient", read_globs<&Match::recipient>},
    {"domain", read_globs<&Match::domain>},
    {"helo", read_globs<&Match::helo>},
    {"header", read_globs<&Match::header>},
    {"listener", read_globs<&Match::listener>},
    {"client", read_client},
    {"tls", read_tls},
    {"authenticated", read_authenticated},
    {"size", read_size},
    {"probability", read_probability},
    {"nth", read_nth},
    {"over", read_over},
    {"sessions_over", read_sessions_over},
    {"per", read_per},
    {"during", read_during},
    {"every", read_every},
}};

// --- what belongs together

// `every` says when `during` comes again.
void join_every(const toml::table& table, MatchDraft& draft, Mistakes& mistakes) {
  const auto place = place_of(table, "every");
  if (!place) return;
  auto& during = draft.read.match.during;
  if (!table.contains("during")) {
    mistakes.add(*place, "every goes with during", "during = \"60s-90s\" as well");
  } else if (during && draft.every) {
    if (during->to == Duration::max()) {
      mistakes.add(*place, "during has no end and cannot come again", "its end, as 60s-90s");
    } else if (*draft.every < during->to - during->from) {
      mistakes.add(*place, "every is shorter than during", "a time that is as long or longer");
    }
    during->every = *draft.every;
  }
}

// `per` says of whom `over` and `sessions_over` count.
void join_per(const toml::table& table, MatchDraft& draft, Mistakes& mistakes) {
  const auto place = place_of(table, "per");
  if (!place) return;
  Match& match = draft.read.match;
  if (!table.contains("over") && !table.contains("sessions_over")) {
    mistakes.add(*place, "per counts nothing", "over or sessions_over as well");
  }
  if (!draft.per) return;
  if (match.over) match.over->per = *draft.per;
  if (!match.sessions_over) return;
  match.sessions_over->per = *draft.per;
  if (*draft.per != Per::client && *draft.per != Per::listener && *draft.per != Per::all) {
    mistakes.add(*place, "sessions are not counted per that", "client, listener or all");
  }
}

}  // namespace

MatchRead read_match(const toml::table& table, config::Mistakes& mistakes) {
  MatchDraft draft;
  config::read_table(table, "match", kMatchKeys, draft, mistakes);
  if (!table.contains("command")) {
    mistakes.add(place_of(table), "match has no command", "command = \"RCPT\", or * for all");
  }
  join_every(table, draft, mistakes);
  join_per(table, draft, mistakes);
  return std::move(draft.read);
}

}  // namespace millrace::sink::rules
