// Rules of all kinds against what they mean, said as simply as can be: a condition is a function,
// what is counted is in maps, and every rule is asked in its turn.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "glob_model.h"
#include "net/address_pool.h"
#include "sink/rules/open_session.h"
#include "sink/rules/rule_set.h"

namespace millrace::sink::rules {
namespace {

using namespace std::chrono_literals;
using smtp::Verb;

constexpr std::uint64_t kSeed = 99;
constexpr std::array kMoments = {
    moment(Verb::connect), moment(Verb::mail), moment(Verb::rcpt),
    moment(Verb::data),    kContent,           moment(Verb::end_of_data)};

std::string small(std::string_view text) {
  std::string letters(text);
  for (char& byte : letters)
    byte = 'A' <= byte && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
  return letters;
}

std::string behind_at(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? "" : std::string(address.substr(at + 1));
}

// --- what a rule means

struct Asked {
  Moment moment = 0;
  const Facts& facts;
};

struct MeantRule {
  std::string name;
  Moments moments;
  std::vector<std::function<bool(const Asked&)>> conditions;
  std::vector<std::function<bool(const std::string& recipient)>> of_recipient;
  std::optional<SessionsOver> sessions_over;
  std::uint64_t nth = 0;
  std::optional<double> probability;
  std::optional<Over> over;
  std::optional<Duration> greylist;
};

// All that rules count.
struct Counted {
  std::vector<std::pair<std::string, std::string>> open;  // client and listener of each session
  std::map<std::string, std::uint64_t> candidates;
  std::map<std::string, Dice> dice;
  std::map<std::tuple<std::string, std::string>, std::pair<TimePoint, std::uint64_t>> windows;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, TimePoint> first_seen;
};

std::vector<std::string> recipients(const Asked& asked) {
  if (asked.moment == moment(Verb::rcpt)) return {std::string(asked.facts.recipient)};
  if (!asked.facts.recipient.empty()) return {std::string(asked.facts.recipient)};
  return {asked.facts.recipients.begin(), asked.facts.recipients.end()};
}

std::string client_of(const Facts& facts) { return facts.client.host(); }

std::string of_whom(Per per, const Facts& facts, const std::string& recipient) {
  switch (per) {
    case Per::client:
      return client_of(facts);
    case Per::session:
      return std::to_string(facts.session);
    case Per::sender:
      return small(facts.sender.value_or(""));
    case Per::recipient:
      return small(recipient);
    case Per::domain:
      return small(behind_at(recipient));
    case Per::listener:
      return std::string(facts.listener);
    case Per::all:
      break;
  }
  return "";
}

bool sessions_are_over(const SessionsOver& over, const Facts& facts, const Counted& counted) {
  std::uint64_t open = 0;
  for (const auto& [client, listener] : counted.open) {
    const bool same = over.per == Per::client     ? client == client_of(facts)
                      : over.per == Per::listener ? listener == facts.listener
                                                  : true;
    if (same) ++open;
  }
  return open > over.count;
}

// The network of 24 bits, or of 64.
std::string network(const Facts& facts) {
  const std::string host = client_of(facts);
  if (host.find(':') == std::string::npos) return host.substr(0, host.rfind('.'));
  return std::string(facts.client.bytes().substr(0, 8));
}

bool meant(const MeantRule& rule, const Asked& asked, Counted& counted) {
  if (!rule.moments[asked.moment]) return false;
  for (const auto& condition : rule.conditions) {
    if (!condition(asked)) return false;
  }
  std::string recipient;
  bool found = rule.of_recipient.empty();
  for (const std::string& candidate : recipients(asked)) {
    bool holds = true;
    for (const auto& condition : rule.of_recipient) holds = holds && condition(candidate);
    if (!holds) continue;
    recipient = candidate;
    found = true;
    break;
  }
  if (!found) return false;
  if (rule.sessions_over && !sessions_are_over(*rule.sessions_over, asked.facts, counted)) {
    return false;
  }
  if (rule.nth != 0) {
    if (++counted.candidates[rule.name] % rule.nth != 0) return false;
  }
  if (rule.probability) {
    auto& dice = counted.dice.try_emplace(rule.name, Roll(kSeed)(), rule.name).first->second;
    if (dice.roll().unit() >= *rule.probability) return false;
  }
  if (rule.over) {
    const TimePoint now = asked.facts.now;
    const auto key = std::tuple(rule.name, of_whom(rule.over->per, asked.facts, recipient));
    auto& [start, number] = counted.windows.try_emplace(key, now, 0).first->second;
    if (now - start >= rule.over->window) {
      start = now;
      number = 0;
    }
    if (number < rule.over->count) {
      ++number;
      return false;
    }
  }
  if (rule.greylist) {
    const auto key = std::tuple(rule.name, network(asked.facts),
                                small(asked.facts.sender.value_or("")), small(recipient));
    const TimePoint first = counted.first_seen.try_emplace(key, asked.facts.now).first->second;
    if (asked.facts.now - first >= *rule.greylist) return false;
  }
  return true;
}

// --- rules by chance

struct Globs {
  std::vector<std::string> any;
  std::vector<std::string> none;
};

bool meant(const Globs& globs, std::string_view text) {
  bool found = globs.any.empty();
  for (const std::string& glob : globs.any) found = found || tests::glob_model::matches(glob, text);
  for (const std::string& glob : globs.none)
    found = found && !tests::glob_model::matches(glob, text);
  return found;
}

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t count) { return random_() % count; }
  bool once_in(std::size_t count) { return below(count) == 0; }

  template <typename Values>
  const auto& one_of(const Values& values) {
    return values[below(std::size(values))];
  }

  std::pair<Rule, MeantRule> rule(std::size_t number) {
    Rule rule;
    MeantRule meant_rule;
    rule.name = meant_rule.name = "rule " + std::to_string(number);
    for (const Moment at : kMoments) {
      if (once_in(3)) rule.match.moments.set(at);
    }
    rule.match.moments.set(one_of(kMoments));
    meant_rule.moments = rule.match.moments;
    texts(rule.match, meant_rule);
    session(rule.match, meant_rule);
    counts(rule, meant_rule);
    return {std::move(rule), std::move(meant_rule)};
  }

 private:
  Patterns patterns(const std::vector<std::string>& from, Globs& globs) {
    Patterns patterns;
    for (std::size_t left = 1 + below(3); left > 0; --left) {
      const std::string& glob = one_of(from);
      const bool negated = once_in(4);
      (negated ? globs.none : globs.any).push_back(glob);
      std::string why;
      patterns.add(*Pattern::parse(glob, why), negated);
    }
    return patterns;
  }

  void texts(Match& match, MeantRule& rule) {
    Globs globs;
    const auto asks = [](const Globs& wanted, std::string_view Facts::*text) {
      return [=](const Asked& asked) { return meant(wanted, asked.facts.*text); };
    };
    if (once_in(6)) {
      match.sender = patterns({"", "*", "bulk@*", "?@A.test", "*.test"}, globs);
      rule.conditions.emplace_back([globs](const Asked& asked) {
        return asked.facts.sender && meant(globs, *asked.facts.sender);
      });
    }
    if (once_in(3)) {
      Globs recipient;
      match.recipient = patterns({"*@big.test", "*@BIG.test", "a@big.test", "*@*.test",
                                  "*small.test", "b*", "*@", "*", "\"x@y\"@grey.test"},
                                 recipient);
      rule.of_recipient.emplace_back(
          [recipient](const std::string& text) { return meant(recipient, text); });
    }
    if (once_in(4)) {
      Globs domain;
      match.domain =
          patterns({"big.test", "small.test", "Grey.Test", "*.test", "b*", "?*"}, domain);
      rule.of_recipient.emplace_back(
          [domain](const std::string& text) { return meant(domain, behind_at(text)); });
    }
    if (once_in(8)) {
      Globs helo;
      match.helo = patterns({"client.*", "x", "*"}, helo);
      rule.conditions.emplace_back(asks(helo, &Facts::helo));
    }
    if (once_in(8)) {
      Globs listener;
      match.listener = patterns({"mx", "submission", "s*"}, listener);
      rule.conditions.emplace_back(asks(listener, &Facts::listener));
    }
    if (once_in(8)) {
      Globs header;
      match.header = patterns({"subject: *", "*spam*", "X-Flag: yes"}, header);
      rule.conditions.emplace_back([header](const Asked& asked) {
        // The heads of facts(), line for line.
        std::vector<std::string> lines;
        if (asked.facts.head->starts_with("Subject: ham")) lines = {"Subject: ham", "X-Flag: yes"};
        if (asked.facts.head->starts_with("Subject: big")) lines = {"Subject: big  spam", "To: x"};
        bool found = header.any.empty();
        for (const std::string& line : lines) {
          if (!meant({.any = {}, .none = header.none}, line)) return false;
          found = found || meant({.any = header.any, .none = {}}, line);
        }
        return found;
      });
    }
  }

  void session(Match& match, MeantRule& rule) {
    if (once_in(6)) {
      Clients clients;
      std::vector<std::pair<std::string, bool>> meant_ones;
      for (std::size_t left = 1 + below(2); left > 0; --left) {
        const std::string text = one_of(std::vector<std::string>{
            "10.0.0.0/8", "10.0.0.7", "2001:db8::/32", "unix", "0.0.0.0/0"});
        const bool negated = once_in(3);
        (negated ? clients.none : clients.any).emplace_back(text);
        meant_ones.emplace_back(text, negated);
      }
      match.client = clients;
      rule.conditions.emplace_back([meant_ones](const Asked& asked) {
        const std::string host = client_of(asked.facts);
        const std::map<std::string, bool> within = {
            {"10.0.0.0/8", host.starts_with("10.")},
            {"10.0.0.7", host == "10.0.0.7"},
            {"2001:db8::/32", host.starts_with("2001:db8:")},
            {"unix", host == "local"},
            {"0.0.0.0/0", host.find('.') != std::string::npos}};
        bool any = true;
        bool none = true;
        for (const auto& [text, negated] : meant_ones) {
          if (negated) none = none && !within.at(text);
        }
        for (const auto& [text, negated] : meant_ones) {
          if (!negated) any = false;
        }
        for (const auto& [text, negated] : meant_ones) {
          if (!negated && within.at(text)) any = true;
        }
        return any && none;
      });
    }
    if (once_in(8)) {
      using Is = TlsCondition::Is;
      const auto [is, versions] = one_of(std::vector<std::pair<Is, std::vector<int>>>{
          {Is::off, {0}}, {Is::on, {10, 12, 13}}, {Is::tls12, {12}}, {Is::tls13, {13}}});
      const bool negated = once_in(2);
      TlsCondition condition;
      (negated ? condition.none : condition.any).push_back(is);
      match.tls = condition;
      rule.conditions.emplace_back([negated, wanted = versions](const Asked& asked) {
        bool among = false;
        for (const int version : wanted) among = among || version == asked.facts.tls;
        return among != negated;
      });
    }
    if (once_in(8)) {
      const bool wanted = once_in(2);
      match.authenticated = Authenticated{.wanted = wanted};
      rule.conditions.emplace_back(
          [wanted](const Asked& asked) { return asked.facts.authenticated == wanted; });
    } else if (once_in(8)) {
      Globs users;
      match.authenticated = Authenticated{.user = patterns({"alice", "b*"}, users)};
      rule.conditions.emplace_back([users](const Asked& asked) {
        return asked.facts.authenticated && meant(users, asked.facts.user);
      });
    }
    if (once_in(8)) {
      const std::uint64_t least = 100 * below(4);
      match.size = {{.least = least, .most = least + 100}, {.least = 350, .most = 360}};
      rule.conditions.emplace_back([least](const Asked& asked) {
        const auto size = asked.facts.size;
        return size && ((*size >= least && *size <= least + 100) || (*size >= 350 && *size <= 360));
      });
    }
    if (once_in(8)) {
      const Duration from = std::chrono::seconds(below(40));
      const Duration to = from + std::chrono::seconds(1 + below(40));
      const Duration every = once_in(2) ? Duration(80s) : Duration(0s);
      match.during = During{.from = from, .to = to, .every = every};
      rule.conditions.emplace_back([=](const Asked& asked) {
        for (int round = 0; round < (every > 0s ? 100 : 1); ++round) {
          const Duration since = asked.facts.since_start - round * every;
          if (since >= from && since < to) return true;
        }
        return false;
      });
    }
  }

  void counts(Rule& rule, MeantRule& meant_rule) {
    constexpr std::array kPers = {Per::client, Per::session,  Per::sender, Per::recipient,
                                  Per::domain, Per::listener, Per::all};
    constexpr std::array kOfSessions = {Per::client, Per::listener, Per::all};
    if (once_in(8)) rule.match.sessions_over = {.count = below(4), .per = one_of(kOfSessions)};
    if (once_in(6)) rule.match.nth = 1 + below(4);
    if (once_in(6)) rule.match.probability = static_cast<double>(below(5)) / 4;
    if (once_in(4)) {
      rule.match.over = {
          .count = below(4), .window = std::chrono::seconds(1 + below(60)), .per = one_of(kPers)};
    }
    if (once_in(6)) rule.act.greylist = std::chrono::seconds(below(60));
    meant_rule.sessions_over = rule.match.sessions_over;
    meant_rule.nth = rule.match.nth;
    meant_rule.probability = rule.match.probability;
    meant_rule.over = rule.match.over;
    meant_rule.greylist = rule.act.greylist;
  }

  std::mt19937 random_;
};

// --- what is asked

const std::vector<std::string> kClients = {"10.0.0.7",        "10.0.0.9",    "192.0.2.1",
                                           "::ffff:10.0.0.7", "2001:db8::1", "2001:db8:0:0:1::1",
                                           "2001:db8:0:1::1"};

void choose_client(Facts& facts, Maker& maker) {
  facts.client = {};
  facts.client.storage.ss_family = AF_UNIX;
  if (!maker.once_in(8)) facts.client = *net::numeric_address(maker.one_of(kClients), 25);
  facts.listener = maker.once_in(2) ? "mx" : "submission";
}

// Whatever may be known at a moment, and some of what may not.
void choose(Facts& facts, std::vector<std::string>& accepted, Moment moment, Maker& maker) {
  static const std::vector<std::string> kAddresses = {"a@big.test",
                                                      "b@Big.Test",
                                                      "c@small.test",
                                                      "d@x.small.test",
                                                      "E@grey.test",
                                                      "\"x@y\"@grey.test",
                                                      "postmaster",
                                                      "f@",
                                                      "b",
                                                      "g@other",
                                                      ""};
  static const std::vector<std::string_view> kHeads = {
      "", "Subject: ham\nX-Flag: yes\n\nX-Flag: spam\n",
      "Subject: big\r\n  spam\r\nTo: x\r\n\r\nbody", "\nSubject: ham\n"};
  choose_client(facts, maker);
  facts.session = 1 + maker.below(3);
  facts.helo = maker.one_of(std::vector<std::string_view>{"", "x", "client.example"});
  facts.sender = maker.one_of(std::vector<std::optional<std::string_view>>{
      std::nullopt, "", "bulk@a.test", "BULK@a.test", "x@a.test"});
  facts.authenticated = maker.once_in(2);
  facts.user = facts.authenticated ? maker.one_of(std::vector<std::string_view>{"alice", "bob"})
                                   : std::string_view();
  facts.tls = maker.one_of(std::array{0, 10, 12, 13});
  facts.size = maker.once_in(3) ? std::nullopt : std::optional<std::uint64_t>(maker.below(450));
  facts.head = maker.one_of(kHeads);
  accepted.clear();
  for (std::size_t left = maker.below(4); left > 0; --left) {
    accepted.push_back(maker.one_of(kAddresses));
  }
  facts.recipients = accepted;
  const bool one = moment == rules::moment(Verb::rcpt) || maker.once_in(4);
  facts.recipient = one ? std::string_view(maker.one_of(kAddresses)) : "";
}

TEST(RuleModel, RulesDoWhatTheyMean) {
  constexpr unsigned kSets = 600;
  constexpr int kQuestions = 60;
  std::uint64_t found_some = 0;
  for (unsigned number = 0; number < kSets; ++number) {
    Maker maker(number);
    std::vector<Rule> rules;
    std::vector<MeantRule> meant_rules;
    for (std::size_t left = 1 + maker.below(12); left > 0; --left) {
      auto [rule, meant_rule] = maker.rule(left);
      rules.push_back(std::move(rule));
      meant_rules.push_back(std::move(meant_rule));
    }
    RuleStates states(kSeed);
    Windows windows(number);
    const RuleSet set(std::move(rules), states, windows);
    Counted counted;
    std::vector<std::unique_ptr<OpenSession>> open;
    Facts facts;
    std::vector<std::string> accepted;
    TimePoint start{1h};
    for (int question = 0; question < kQuestions; ++question) {
      if (maker.once_in(3) && open.size() < 8) {
        choose_client(facts, maker);
        open.push_back(std::make_unique<OpenSession>(windows, facts));
        counted.open.emplace_back(client_of(facts), facts.listener);
      } else if (maker.once_in(4) && !open.empty()) {
        open.erase(open.begin());
        counted.open.erase(counted.open.begin());
      }
      const Moment at = maker.one_of(kMoments);
      choose(facts, accepted, at, maker);
      facts.since_start += std::chrono::milliseconds(maker.below(8'000));
      facts.now = start + facts.since_start;
      std::string expected;
      for (const MeantRule& rule : meant_rules) {
        if (!meant(rule, {at, facts}, counted)) continue;
        expected = rule.name;
        break;
      }
      const Found found = set.find(at, facts);
      ASSERT_EQ(found.rule == nullptr ? "" : found.rule->name, expected)
          << "set " << number << ", question " << question << " at " << moment_name(at);
      if (found.rule != nullptr) ++found_some;
    }
  }
  // It is about something: some match, some do not.
  EXPECT_GT(found_some, kSets * kQuestions / 4);
  EXPECT_LT(found_some, kSets * kQuestions * 3 / 4);
}

}  // namespace
}  // namespace millrace::sink::rules
