// Clients that are judged, whatever they say. A judge that counts changes no reply, and finds the
// same however the bytes come, but for who did not wait. One that is strict changes none of a
// client in which nothing is found, and what it says is of the sink alone.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/printable.h"
#include "net/address_pool.h"
#include "pieces.h"
#include "sink/lint/lint_observer.h"
#include "sink/lint/lint_totals.h"
#include "smtp/server_session.h"

using namespace millrace;
using namespace millrace::sink;

namespace {

// What the first bytes of an input choose.
struct Choice {
  explicit Choice(const std::uint8_t* data) {
    listener.profile.protocol = static_cast<smtp::ServerProfile::Protocol>(data[0] % 3);
    if ((data[0] & 0x80) != 0) listener.profile.offered = smtp::all_extensions();
    if ((data[0] & 0x40) != 0) listener.profile.offered = {};
    listener.profile.authenticates = (data[0] & 0x20) != 0;
    deferred = (data[0] & 0x10) != 0;
    if ((data[0] & 0x08) != 0) ehlo = smtp::given_reply("250-x\r\n250-SIZE\r\n250 PIPELINING\r\n");
  }
  Listener listener;
  smtp::GivenReply ehlo;  // a rule's; null: there is none
  bool deferred = false;  // recipients are
};

// Asks the judge as the sink does, where there is one.
class Policy final : public smtp::ServerPolicy {
 public:
  Policy(const Choice& choice, LintObserver* lint) : choice_(choice), lint_(lint) {}

  smtp::Decision decide(smtp::Verb verb, std::string_view) override {
    static const smtp::GivenReply kDeferral = smtp::given_reply("451 4.3.0 later\r\n");
    smtp::Decision decision;
    if (verb == smtp::Verb::ehlo) decision.reply = choice_.ehlo;
    if (verb == smtp::Verb::rcpt && choice_.deferred) {
      decision = {.action = smtp::Decision::Action::answer, .reply = kDeferral};
    }
    if (verb != smtp::Verb::connect && verb != smtp::Verb::quit) judge(decision);
    return decision;
  }
  smtp::Decision decide_content(smtp::Form) override { return {}; }
  smtp::Decision decide_end() override {
    smtp::Decision decision;
    judge(decision);
    return decision;
  }
  bool admit_message() override { return true; }
  smtp::AuthenticationStep start_authentication(std::string_view,
                                                std::optional<std::string_view> initial) override {
    return continue_authentication(initial.value_or(""));
  }
  smtp::AuthenticationStep continue_authentication(std::string_view response) override {
    using Kind = smtp::AuthenticationStep::Kind;
    return {.kind = response.size() % 2 == 0 ? Kind::challenge : Kind::refused,
            .challenge = "Zm9v"};
  }

 private:
  void judge(smtp::Decision& decision) {
    if (lint_ == nullptr) return;
    lint_->object(decision);
    fuzz::require(decision.action == smtp::Decision::Action::proceed || decision.reply);
  }

  const Choice& choice_;
  LintObserver* const lint_;
};

struct Played {
  std::string replies;
  metrics::LintMetrics found;
};

enum class Judge { none, counts, is_strict };

// Plays two sessions of the same client, `piece` bytes at a time.
Played play(const Choice& choice, std::string_view bytes, std::size_t piece, Judge judge) {
  LintTotals totals(judge == Judge::is_strict ? LintMode::strict : LintMode::count);
  const OpenListener listener(choice.listener);
  Played played;
  for (int turn = 0; turn < 2; ++turn) {
    using Phase = smtp::ServerSession::SessionPhase;
    SessionObservers observers;
    LintObserver* lint = nullptr;
    if (judge != Judge::none) {
      auto observer = std::make_unique<LintObserver>(totals, listener);
      lint = observer.get();
      observers.add(std::move(observer));
    }
    observers.opened(*net::numeric_address("192.0.2.1", 1), TimePoint());
    Policy policy(choice, lint);
    smtp::ServerSession session(listener.profile, listener.replies, policy, observers);
    Output out;
    const auto take_replies = [&] {
      played.replies += out.text();
      out.clear();
    };
    session.start({}, out);
    std::string_view rest = bytes;
    while (!rest.empty() && session.phase() != Phase::closed) {
      std::string_view next = rest.substr(0, piece);
      rest.remove_prefix(next.size());
      while (!next.empty() && session.phase() != Phase::closed) {
        next.remove_prefix(session.feed(next, out));
        take_replies();
        while (session.phase() == Phase::replying) {
          session.resume(out);
          take_replies();
        }
        if (session.phase() == Phase::securing) {
          observers.secured({.version = "TLSv1.3"});
          session.secured();
        }
      }
    }
    if (lint != nullptr) lint->read_timeout();
    observers.ended(
        session.ending() == smtp::ServerSession::Ending::quit ? Ending::quit : Ending::clients, 0,
        TimePoint());
  }
  played.found = totals.found();
  return played;
}

// Who did not wait for a reply is seen by what has come with a line.
bool of_pace(std::string_view name) {
  return name == "before-reply" || name == "behind-group-end" || name == "before-354" ||
         name == "behind-starttls";
}

// How often the rest was found. (A sample is as much of a line as had come.)
std::map<std::string, std::uint64_t> without_pace(const metrics::LintMetrics& found) {
  std::map<std::string, std::uint64_t> all;
  for (const metrics::LintFinding& one : found.findings) {
    if (!of_pace(one.name)) all.emplace(one.name, one.times);
  }
  return all;
}

// Whether something was found that a strict judge may have refused.
bool refuses(const metrics::LintMetrics& found) {
  return std::any_of(found.findings.begin(), found.findings.end(), [](const auto& one) {
    const auto* const row =
        std::find_if(kFindings.begin(), kFindings.end(),
                     [&one](const FindingSpec& spec) { return spec.name == one.name; });
    fuzz::require(row != kFindings.end());
    return !row->code.empty();
  });
}

void check_found(const metrics::LintMetrics& found) {
  fuzz::require(found.sessions == 2 && found.faulty <= 2 && found.clients.size() <= 2);
  for (const metrics::LintFinding& one : found.findings) {
    fuzz::require(one.times >= one.sessions && one.sessions >= 1 && one.sessions <= 2);
    fuzz::require(printable(one.sample, Charset::utf8) == one.sample ||
                  one.sample.find('\\') != std::string::npos);
    fuzz::require(std::none_of(one.sample.begin(), one.sample.end(),
                               [](char byte) { return byte >= 0 && byte < ' '; }));
    fuzz::require(one.sample.size() <= 4 * SessionFindings::kSample + 3);
  }
}

// Every line of a reply is the sink's: a code, and text that it has from no client.
void check_replies(std::string_view replies) {
  while (!replies.empty()) {
    const std::size_t end = replies.find("\r\n");
    fuzz::require(end != std::string_view::npos && end >= 4);
    const std::string_view line = replies.substr(0, end);
    fuzz::require(line[0] >= '2' && line[0] <= '5' && (line[3] == ' ' || line[3] == '-'));
    fuzz::require(std::all_of(line.begin(), line.end(), [](char byte) { return byte >= ' '; }));
    replies.remove_prefix(end + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const Choice choice(data);
  const std::size_t piece = std::max<std::size_t>(1, data[1]);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Played unjudged = play(choice, bytes, bytes.size(), Judge::none);
  const Played counted = play(choice, bytes, bytes.size(), Judge::counts);
  const Played in_pieces = play(choice, bytes, piece, Judge::counts);
  fuzz::require(counted.replies == unjudged.replies && in_pieces.replies == unjudged.replies);
  fuzz::require(without_pace(counted.found) == without_pace(in_pieces.found));
  check_found(counted.found);
  for (const std::size_t length : {bytes.size(), piece}) {
    const Played strict = play(choice, bytes, length, Judge::is_strict);
    check_found(strict.found);
    check_replies(strict.replies);
    if (!refuses(strict.found)) fuzz::require(strict.replies == unjudged.replies);
  }
  return 0;
}
