#include "sink/rules/rule_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "base/quantity.h"
#include "smtp/keyword.h"

namespace millrace::sink::rules {
namespace {

using config::Mistakes;
using config::Place;
using config::place_of;
using smtp::Verb;
using Field = ReplyText::Field;

// --- which moments know a condition, and have an action

// Moments as a number, a bit each: std::bitset is not that constant yet.
constexpr unsigned long at(std::initializer_list<Verb> verbs) {
  unsigned long moments = 0;
  for (const Verb verb : verbs) moments |= 1UL << moment(verb);
  return moments;
}

constexpr unsigned long kAll = (1UL << kMomentCount) - 1;
constexpr unsigned long kOfContent = 1UL << kContent;
constexpr unsigned long kHello = kAll & ~at({Verb::connect});  // the client has spoken
constexpr unsigned long kOfRecipients =
    at({Verb::rcpt, Verb::data, Verb::bdat, Verb::end_of_data}) | kOfContent;
constexpr unsigned long kOfMessage = kOfRecipients | at({Verb::mail});
constexpr unsigned long kOfReplies = kAll & ~kOfContent;

struct KnownAt {
  std::string_view key;
  unsigned long moments;
};

constexpr std::array<KnownAt, 7> kConditionsKnown = {{
    {"sender", kOfMessage},
    {"recipient", kOfRecipients},
    {"domain", kOfRecipients},
    {"helo", kHello},
    {"header", at({Verb::end_of_data})},
    {"size", kOfMessage},
    {"authenticated", kHello},
}};

// Of whom `over` counts.
struct CountedAt {
  Per per;
  std::string_view name;
  unsigned long moments;
};

constexpr std::array<CountedAt, 3> kCounted = {{
    {Per::sender, "the sender that per names", kOfMessage},
    {Per::recipient, "the recipient that per names", at({Verb::rcpt})},
    {Per::domain, "the domain that per names", at({Verb::rcpt})},
}};

constexpr std::array<KnownAt, 8> kActionsKnown = {{
    {"tarpit", kOfReplies},
    {"throttle", kOfContent},
    {"drop_after", kOfContent},
    {"greylist", at({Verb::rcpt})},
    {"tls_fault", at({Verb::starttls})},
    {"bounce_later", at({Verb::rcpt, Verb::end_of_data})},
    {"complaint", at({Verb::rcpt, Verb::end_of_data})},
    {"auto_reply", at({Verb::rcpt, Verb::end_of_data})},
}};

struct FieldKnownAt {
  Field field;
  std::string_view name;
  unsigned long moments;
};

constexpr std::array<FieldKnownAt, 5> kFieldsKnown = {{
    {Field::helo, "{helo}", kHello},
    {Field::sender, "{sender}", kOfMessage},
    {Field::recipient, "{recipient}", kOfRecipients},
    {Field::domain, "{domain}", kOfRecipients},
    {Field::size, "{size}", kOfMessage},
}};

// --- which actions exclude each other

struct Exclusion {
  std::string_view action;
  std::string_view others;  // separated by blanks
  std::string_view why;
};

constexpr std::array<Exclusion, 8> kExclusions = {{
    {"accept",
     "reply raw repeat disconnect delay tarpit throttle stall greylist drop_after tls_fault "
     "bounce_later complaint auto_reply",
     "what is accepted takes its normal course"},
    {"stall",
     "reply raw repeat disconnect delay tarpit throttle greylist drop_after tls_fault "
     "bounce_later complaint auto_reply",
     "what stalls is never answered"},
    {"raw", "reply greylist bounce_later complaint auto_reply", "raw is all that is answered"},
    {"tls_fault", "reply raw disconnect tarpit", "the handshake begins after our own reply"},
    {"throttle", "reply raw disconnect", "the connection ends before content is read"},
    {"drop_after", "reply raw disconnect", "it closes the connection without a word"},
    {"greylist", "bounce_later complaint auto_reply", "those are for what was accepted"},
    {"disconnect", "bounce_later complaint auto_reply", "those are for what was accepted"},
}};

// --- which replies are positive ones: what the command is answered with where it is taken

constexpr std::array<std::string_view, kMomentCount> kPositive = {
    "220",      "250", "250", "250", "220", "220", "250",           "",    "250",
    "250, 251", "354", "250", "250", "250", "250", "250, 251, 252", "221", ""};

std::string names(Moments moments) {
  std::vector<std::string_view> named;
  for (Moment moment = 0; moment < kMomentCount; ++moment) {
    if (moments[moment]) named.push_back(moment_name(moment));
  }
  return fmt::format("{}", fmt::join(named, ", "));
}

bool is_refusal(const ReplyText& reply) {
  return reply.first_digit() == '4' || reply.first_digit() == '5';
}

class Checker {
 public:
  Checker(const WrittenRule& written, Rule& rule, Mistakes& mistakes)
      : written_(written), match_(rule.match), act_(rule.act), mistakes_(mistakes) {}

  void check() {
    conditions();
    if (match_.moments.none()) return;  // and that has been told
    actions();
    exclusions();
    needs();
    greylist();
    content();
    disconnect();
    reply();
    groups();
  }

 private:
  [[nodiscard]] std::optional<Place> condition(std::string_view key) const {
    return place_of(written_.match, key);
  }
  [[nodiscard]] std::optional<Place> action(std::string_view key) const {
    return place_of(written_.act, key);
  }

  // Something that is known at some moments only: for all commands, only those are meant.
  void restrict(Place place, std::string_view what, Moments known) {
    const Moments unknown = match_.moments & ~known;
    if (unknown.none()) return;
    if (written_.all_commands && (match_.moments & known).any()) {
      match_.moments &= known;
      return;
    }
    mistakes_.add(place, fmt::format("{} is not known at {}", what, names(unknown)),
                  fmt::format("one of {}", names(known)));
  }

  void conditions() {
    for (const KnownAt& row : kConditionsKnown) {
      if (const auto place = condition(row.key)) restrict(*place, row.key, row.moments);
    }
    if (!match_.over) return;
    for (const CountedAt& row : kCounted) {
      if (row.per == match_.over->per) restrict(*condition("per"), row.name, row.moments);
    }
  }

  void actions() {
    if (written_.act.empty()) {
      mistakes_.add(place_of(written_.act), "act says nothing to do", "accept = true, at least");
    }
    for (const KnownAt& row : kActionsKnown) {
      const auto place = action(row.key);
      const Moments without = match_.moments & ~Moments(row.moments);
      if (!place || without.none()) continue;
      mistakes_.add(*place, fmt::format("{} does nothing at {}", row.key, names(without)),
                    fmt::format("one of {}", names(row.moments)));
    }
  }

  void exclusions() {
    for (const Exclusion& row : kExclusions) {
      if (!action(row.action)) continue;
      std::string_view others = row.others;
      for (auto other = smtp::take_word(others); !other.empty(); other = smtp::take_word(others)) {
        const auto place = action(other);
        if (!place) continue;
        mistakes_.add(std::max(*place, *action(row.action)),
                      fmt::format("{} and {} exclude each other: {}", row.action, other, row.why));
      }
    }
  }

  void needs() {
    if (const auto place = action("repeat"); place && !action("raw")) {
      mistakes_.add(*place, "repeat goes with raw", "raw as well");
    }
    const bool ends = act_.disconnect == Disconnect::close || act_.disconnect == Disconnect::reset;
    if (const auto place = action("tarpit"); place && ends && !action("reply") && !action("raw")) {
      mistakes_.add(*place, "tarpit has no reply to send", "reply as well");
    }
  }

  void greylist() {
    const auto place = action("greylist");
    if (!place) return;
    if (!action("reply")) {
      std::string why;
      act_.reply = ReplyText::parse({"451 4.7.1 Greylisted, come back later"}, why);
    } else if (act_.reply && act_.reply->first_digit() != '4') {
      mistakes_.add(*action("reply"), "who is greylisted may come back later", "a 4xx code");
    }
  }

  // Content is not answered: who says something has done with the session.
  void content() {
    const auto place = action(action("raw") ? "raw" : "reply");
    if (!match_.moments[kContent] || !place) return;
    if (act_.raw && act_.reply && smtp::positive(*act_.reply->compose({}, {}))) {
      mistakes_.add(*place, "raw takes a command, and CONTENT is none",
                    "bytes that begin with neither 2 nor 3");
    }
    if (action("disconnect")) return;
    if (match_.moments.count() > 1) {
      mistakes_.add(*place, "a reply at CONTENT ends the connection, one at others not",
                    "CONTENT to have a rule of its own, or disconnect as well");
    }
    act_.disconnect = Disconnect::close;
  }

  void disconnect() {
    const auto place = action("disconnect");
    if (!place || act_.disconnect != Disconnect::farewell) return;
    if (action("raw")) {
      mistakes_.add(*place, "raw is no farewell", "disconnect to be close or reset");
    } else if (act_.reply && act_.reply->code() != "421") {
      mistakes_.add(action("reply").value_or(*place),
                    "the reply of disconnect = 421 begins with it", "421");
    }
  }

  void reply() {
    const auto place = action("reply");
    if (!place || !act_.reply || act_.raw) return;
    if (!written_.all_commands) fields(*place);
    const std::string_view code = act_.reply->code();
    if (is_refusal(*act_.reply)) {
      for (const std::string_view later : {"bounce_later", "complaint", "auto_reply"}) {
        if (!action(later)) continue;
        mistakes_.add(*place, fmt::format("a refused message has no {}", later), "a 2xx code");
      }
      return;
    }
    for (Moment moment = 0; moment < kMomentCount; ++moment) {
      if (!match_.moments[moment]) continue;
      const std::string_view taken = kPositive[moment];
      if (code.empty() && !taken.starts_with("250")) {
        mistakes_.add(*place,
                      fmt::format("the code cannot be a group's at {}", moment_name(moment)),
                      "a code in digits");
      } else if (!code.empty() && taken.find(code) == std::string_view::npos) {
        mistakes_.add(
            *place, fmt::format("{} is no reply to {}", code, moment_name(moment)),
            fmt::format("{}{}4xx or 5xx; raw sends wrong ones", taken, taken.empty() ? "" : ", "));
      }
    }
  }

  void fields(Place place) {
    for (const FieldKnownAt& row : kFieldsKnown) {
      const Moments unknown = match_.moments & ~Moments(row.moments);
      if (!act_.reply->names(row.field) || unknown.none()) continue;
      mistakes_.add(place, fmt::format("{} is not known at {}", row.name, names(unknown)),
                    fmt::format("one of {}", names(row.moments)));
    }
  }

  // What {1} to {9} stand for.
  void groups() {
    const std::size_t named = groups_named(act_);
    if (named == 0) return;
    std::size_t having = 0;
    for (const auto condition : kPatternConditions) {
      having += match_.*condition && (match_.*condition)->groups() > 0 ? 1 : 0;
    }
    const auto& user = match_.authenticated ? match_.authenticated->user : std::nullopt;
    having += user && user->groups() > 0 ? 1 : 0;
    const Patterns* const condition = grouping_condition(match_);
    const std::size_t there = condition == nullptr ? 0 : condition->groups();
    const Place place = place_of(written_.act);
    if (having > 1) {
      mistakes_.add(place, fmt::format("{{{}}} could be of several conditions", named),
                    "(?:...) for groups in all but one of them");
    } else if (named > there) {
      mistakes_.add(place, fmt::format("{{{}}} stands for nothing", named),
                    fmt::format("a condition that is a /regex/ with {} group{}, not {}", named,
                                plural(named), there));
    }
  }

  const WrittenRule& written_;
  Match& match_;
  Act& act_;
  Mistakes& mistakes_;
};

}  // namespace

void complete(const WrittenRule& written, Rule& rule, config::Mistakes& mistakes) {
  Checker(written, rule, mistakes).check();
}

}  // namespace millrace::sink::rules
