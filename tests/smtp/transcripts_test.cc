// Plays the golden dialogues against the protocol core.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/output.h"
#include "cli/sink_command_line.h"
#include "cli/source_command_line.h"
#include "mail/generated.h"
#include "mail/message.h"
#include "net/address_pool.h"
#include "output_text.h"
#include "pieces.h"
#include "sasl/client.h"
#include "sink/rules/in_force.h"
#include "sink/rules/option_rules.h"
#include "sink/rules/rule_reader.h"
#include "sink/session_facts.h"
#include "sink/session_policy.h"
#include "smtp/client_session.h"
#include "smtp/server_session.h"
#include "transcript.h"

namespace millrace {
namespace {

using test::Cut;
using test::Transcript;
using Speaker = Transcript::Speaker;

// The options of a transcript, with an endpoint that is never used.
std::vector<const char*> command_line(const Transcript& transcript) {
  std::vector<const char*> arguments;
  for (const std::string& argument : transcript.arguments) arguments.push_back(argument.c_str());
  arguments.push_back("127.0.0.1:1");
  return arguments;
}

struct Reader final : sink::SessionObserver {
  [[nodiscard]] bool wants_content() const override { return true; }
};

// `drop`: content that the session has no use for is dropped before it sees it.
std::string play_server(const sink::SinkOptions& options, const Transcript& transcript, Cut how,
                        unsigned seed, bool drop, bool& closed) {
  const std::string input = transcript.all_of(Speaker::client);
  const sink::OpenListener listener(options.listeners.front());
  sink::Quotas quotas(options.message_quota, options.quit_quota, [] {});
  const sasl::Library library = sasl::open_library();
  sink::rules::RulesRead read = sink::rules::read_rules(transcript.rules, transcript.name);
  EXPECT_EQ(read.mistakes, std::vector<std::string>());
  for (sink::rules::Rule& rule : sink::rules::option_rules(options.commands)) {
    read.rules.push_back(std::move(rule));
  }
  sink::rules::RuleStates states(1);
  sink::rules::Windows windows(1);
  sink::rules::InForce in_force(
      std::make_shared<const sink::rules::RuleSet>(std::move(read.rules), states, windows));
  sink::rules::WorkerRules rules(in_force);
  const auto localhost = net::numeric_address("127.0.0.1", 1);
  sink::SessionObservers observers;
  auto facts = std::make_unique<sink::SessionFacts>(rules, windows, listener, 1, TimePoint());
  facts->opened(*localhost, TimePoint());
  facts->time(TimePoint());
  sink::SessionPolicy policy({.options = options,
                              .quotas = quotas,
                              .rules = rules,
                              .facts = facts.get(),
                              .later = nullptr,
                              .sasl = library.get()});
  observers.add(std::move(facts));
  if (!drop) observers.add(std::make_unique<Reader>());
  smtp::ServerSession session(listener.profile, listener.replies, policy, observers);
  Output out;
  std::string spoken;
  session.start({.trusted = net::contains(options.xclient_from, *localhost)}, out);
  const auto go_on = [&] {
    using SessionPhase = smtp::ServerSession::SessionPhase;
    EXPECT_LT(out.size(), smtp::ServerSession::kReplyBound + input.size() + 1'000);
    spoken += test::take(out);
    while (session.phase() == SessionPhase::paused || session.phase() == SessionPhase::replying) {
      session.resume(out);
      spoken += test::take(out);
    }
    if (session.phase() == SessionPhase::securing) {
      observers.secured({.version = "TLSv1.3"});
      session.secured();
    }
  };
  go_on();
  for (std::string_view piece : test::cut(input, how, seed)) {
    while (!piece.empty() && session.phase() != smtp::ServerSession::SessionPhase::closed) {
      const std::uint64_t unwanted = std::min<std::uint64_t>(session.unwanted(), piece.size());
      if (drop && unwanted > 0) {
        session.skip(unwanted, out);
        piece.remove_prefix(static_cast<std::size_t>(unwanted));
      } else {
        piece.remove_prefix(session.feed(piece, out));
      }
      go_on();
    }
  }
  closed = session.phase() == smtp::ServerSession::SessionPhase::closed;
  return spoken;
}

class ServerTranscript : public testing::TestWithParam<Transcript> {};
class ClientTranscript : public testing::TestWithParam<Transcript> {};

TEST_P(ServerTranscript, IsSpokenHoweverTheInputIsCut) {
  const std::vector<const char*> arguments = command_line(GetParam());
  const sink::SinkOptions options =
      cli::parse_sink_command_line(static_cast<int>(arguments.size()), arguments.data()).sink;
  for (unsigned seed = 0; seed < 22; ++seed) {
    const Cut how = seed == 0 ? Cut::whole : seed == 1 ? Cut::byte_by_byte : Cut::random;
    for (const bool drop : {false, true}) {
      bool closed = false;
      EXPECT_EQ(play_server(options, GetParam(), how, seed, drop, closed),
                GetParam().all_of(Speaker::server));
      EXPECT_EQ(closed, GetParam().closed);
    }
  }
}

struct Ignore final : smtp::ClientObserver {
  void replied(const smtp::PendingCommand&, const smtp::Reply&, smtp::Outcome) override {}
  void message_sent(std::uint64_t) override {}
  void message_over(std::uint64_t, std::size_t) override {}
};

// Plays one connection of the source: as many messages as the options say.
void play_client(const source::SourceOptions& options, const Transcript& transcript, Cut how,
                 unsigned seed) {
  const mail::MessageTemplate shared(options.message);
  const mail::SessionMessages messages(shared);
  Ignore observer;
  const std::string xclient = mail::fill_generated(options.xclient, 0);
  const sasl::Library library = sasl::open_library();
  std::optional<sasl::Client> authenticator;
  if (!options.users.empty()) {
    authenticator.emplace(library.get(), options.auth_mechanism, options.users.front());
  }
  smtp::ClientSession session(
      options.plan,
      {.xclient = xclient, .authenticator = authenticator ? &*authenticator : nullptr}, messages,
      observer);
  std::uint64_t next = 0;
  for (const Transcript::Turn& turn : transcript.turns) {
    if (turn.speaker == Speaker::client) continue;
    const Transcript::Turn* const answer = &turn + 1;
    Output out;
    for (const std::string_view piece : test::cut(turn.bytes, how, seed)) {
      // No byte follows the reply to STARTTLS in the clear.
      EXPECT_EQ(session.feed(piece, out), piece.size());
      if (session.phase() == smtp::ClientSession::DialoguePhase::securing) session.secured(out);
      while (session.may_send() && next < options.messages) session.send(next++, out);
      if (session.idle() || session.phase() == smtp::ClientSession::DialoguePhase::opening_failed)
        session.quit(out);
    }
    const bool last = &turn == &transcript.turns.back();
    const std::string spoken = test::take(out);
    EXPECT_TRUE(test::matches(last ? "" : answer->bytes, spoken))
        << "after: " << turn.bytes << "sent: " << spoken;
  }
  EXPECT_EQ(session.phase(), transcript.closed ? smtp::ClientSession::DialoguePhase::closed
                                               : smtp::ClientSession::DialoguePhase::finished);
}

TEST_P(ClientTranscript, IsSpokenHoweverTheRepliesAreCut) {
  const std::vector<const char*> arguments = command_line(GetParam());
  const source::SourceOptions options =
      cli::parse_source_command_line(static_cast<int>(arguments.size()), arguments.data()).source;
  for (unsigned seed = 0; seed < 22; ++seed) {
    const Cut how = seed == 0 ? Cut::whole : seed == 1 ? Cut::byte_by_byte : Cut::random;
    play_client(options, GetParam(), how, seed);
  }
}

std::string name_of(const testing::TestParamInfo<Transcript>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Core, ServerTranscript,
                         testing::ValuesIn(test::load_transcripts("server")), name_of);
INSTANTIATE_TEST_SUITE_P(Core, ClientTranscript,
                         testing::ValuesIn(test::load_transcripts("client")), name_of);

}  // namespace
}  // namespace millrace
