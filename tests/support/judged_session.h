#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/address_pool.h"
#include "output_text.h"
#include "sink/lint/lint_observer.h"
#include "sink/lint/lint_totals.h"
#include "smtp/server_session.h"

// Clients that are judged, without connections.
namespace millrace::sink::judging {

// Lets everything pass that the judge lets.
struct Judged final : smtp::ServerPolicy {
  explicit Judged(LintObserver& judge) : lint(judge) {}

  smtp::Decision decide(smtp::Verb verb, std::string_view) override {
    smtp::Decision decision = soft == verb ? deferral() : smtp::Decision{};
    if (verb == smtp::Verb::ehlo && !ehlo_reply.empty()) {
      decision.reply = smtp::given_reply(ehlo_reply);
    }
    if (verb != smtp::Verb::connect && verb != smtp::Verb::quit) lint.object(decision);
    return decision;
  }
  smtp::Decision decide_content(smtp::Form) override { return {}; }
  smtp::Decision decide_end() override {
    smtp::Decision decision = soft == smtp::Verb::end_of_data ? deferral() : smtp::Decision{};
    lint.object(decision);
    return decision;
  }
  bool admit_message() override { return true; }
  smtp::AuthenticationStep start_authentication(std::string_view,
                                                std::optional<std::string_view>) override {
    return {.kind = smtp::AuthenticationStep::Kind::accepted};
  }
  smtp::AuthenticationStep continue_authentication(std::string_view) override { return {}; }

  [[nodiscard]] smtp::Decision deferral() const {
    return {.action = smtp::Decision::Action::answer, .reply = smtp::given_reply(soft_reply)};
  }

  LintObserver& lint;
  std::optional<smtp::Verb> soft;  // what is deferred
  std::string soft_reply = "451 4.3.0 later\r\n";
  std::string ehlo_reply;  // a rule's; empty: it has none
};

// A server that offers these besides the usual extensions, and not those.
inline smtp::ServerProfile offering(smtp::ExtensionSet more = {}, smtp::ExtensionSet less = {}) {
  smtp::ServerProfile profile;
  profile.offered = (profile.offered | more) - less;
  return profile;
}

// A session of a sink that judges, without a connection.
class Session {
 public:
  explicit Session(LintTotals& totals, const smtp::ServerProfile& profile = offering(),
                   const std::string& name = {})
      : listener(with(profile, name)) {
    auto judge = std::make_unique<LintObserver>(totals, listener);
    lint = judge.get();
    observers.add(std::move(judge));
    observers.opened(*net::numeric_address("192.0.2.1", 1), TimePoint());
    policy.emplace(*lint);
    session.emplace(listener.profile, listener.replies, *policy, observers);
  }

  void greet() {
    session->start({}, out);
    test::take(out);
  }

  // All of it comes at once; the replies to it.
  std::string say(std::string_view text) {
    using Phase = smtp::ServerSession::SessionPhase;
    while (!text.empty() && session->phase() != Phase::closed && !broken_off) {
      text.remove_prefix(session->feed(text, out));
      if (session->phase() != Phase::securing) continue;
      if (!handshakes) {
        lint->no_tls_handshake();
        broken_off = true;
        break;
      }
      observers.secured({.version = "TLSv1.3"});
      session->secured();
    }
    return test::take(out);
  }

  void end() {
    using Why = smtp::ServerSession::Ending;
    const Why why = session->ending();
    const bool ours = broken_off || (why != Why::open && why != Why::quit);
    const Ending others = why == Why::quit ? Ending::quit : Ending::clients;
    observers.ended(ours ? Ending::ours : others, 0, TimePoint());
  }

 private:
  static Listener with(const smtp::ServerProfile& profile, const std::string& name) {
    Listener plain;
    plain.name = name;
    plain.profile = profile;
    return plain;
  }

 public:
  OpenListener listener;
  LintObserver* lint = nullptr;
  SessionObservers observers;
  std::optional<Judged> policy;
  std::optional<smtp::ServerSession> session;
  Output out;
  bool handshakes = true;  // what follows STARTTLS is TLS
  bool broken_off = false;
};

// What a client says: each string at once, and the next when that is answered.
using Turns = std::vector<std::string>;

inline std::set<std::string> names(const metrics::LintMetrics& found) {
  std::set<std::string> all;
  for (const metrics::LintFinding& one : found.findings) all.insert(one.name);
  return all;
}

inline const std::string kHeader =
    "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: <a@b.example>\r\nMessage-ID: <1@b.example>\r\n";
inline const std::string kText = kHeader + "\r\nHello.\r\n";

// A session with a message of this content, which `mail` and `rcpt` are the envelope of.
inline Turns message(const std::string& content,
                     const std::string& mail = "MAIL FROM:<a@b.example>\r\n",
                     const std::string& rcpt = "RCPT TO:<c@d.example>\r\n") {
  return {"EHLO b.example\r\n", mail, rcpt, "DATA\r\n", content + ".\r\n", "QUIT\r\n"};
}

// The same by one BDAT.
inline Turns chunk(const std::string& content,
                   const std::string& mail = "MAIL FROM:<a@b.example>\r\n") {
  return {"EHLO b.example\r\n", mail, "RCPT TO:<c@d.example>\r\n",
          "BDAT " + std::to_string(content.size()) + " LAST\r\n" + content, "QUIT\r\n"};
}

// These commands behind a hello.
inline Turns commands(const Turns& all) {
  Turns turns{"EHLO b.example\r\n"};
  turns.insert(turns.end(), all.begin(), all.end());
  turns.emplace_back("QUIT\r\n");
  return turns;
}

}  // namespace millrace::sink::judging
