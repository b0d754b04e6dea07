// What a scenario's sessions are drawn as, over a hundred thousand of them: what each does fits
// what was asked for, and none of it has to do with the rest.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "goodness_of_fit.h"
#include "mail/scenario/mixed_workload.h"
#include "mail/scenario/scenario_reader.h"
#include "source/connection_mix.h"
#include "source/options.h"

namespace millrace::source {
namespace {

using smtp::Extension;

constexpr std::size_t kSessions = 100'000;

mail::SessionMix session_mix() {
  const mail::ScenarioRead read = mail::read_scenario(
      "[session]\nmessages = 'geometric 4'\ntls = '80%'\nauth = '20%'\npipelining = '60%'\n"
      "think = 'exponential 200ms'\n",
      "mix.toml");
  EXPECT_TRUE(read.mistakes.empty());
  return read.scenario.session;
}

struct Session {
  std::array<std::size_t, 3> has;  // STARTTLS, AUTH, PIPELINING: 1 or 0
  std::size_t messages;
};

std::vector<Session> draw_sessions() {
  const ConnectionMix mix{.seed = 7, .session = session_mix(), .auth_in_clear = true};
  const smtp::ClientPlan plan{
      .wanted = {Extension::starttls, Extension::auth, Extension::pipelining}};
  std::vector<Session> sessions;
  for (std::uint64_t connection = 0; connection < kSessions; ++connection) {
    const ConnectionTraits traits = draw_traits(mix, plan, connection, "u@a.test");
    const auto has = [&](Extension extension) -> std::size_t {
      return traits.plan.wanted.has(extension) ? 1 : 0;
    };
    sessions.push_back(
        {.has = {has(Extension::starttls), has(Extension::auth), has(Extension::pipelining)},
         .messages = traits.messages});
  }
  return sessions;
}

const std::vector<Session>& sessions() {
  static const std::vector<Session> drawn = draw_sessions();
  return drawn;
}

TEST(SessionStatistics, EachShareFits) {
  const std::array<double, 3> shares = {0.8, 0.2, 0.6};
  for (std::size_t which = 0; which < shares.size(); ++which) {
    std::vector<double> found(2);
    for (const Session& session : sessions()) ++found[session.has[which]];
    const std::vector<double> expected{kSessions * (1 - shares[which]), kSessions * shares[which]};
    EXPECT_LT(tests::chi_squared(found, expected), 1) << which;
  }
}

TEST(SessionStatistics, NumbersOfMessagesFit) {
  constexpr std::size_t kLast = 20;  // and more
  std::vector<double> found(kLast);
  std::vector<double> expected;
  double more = kSessions;
  for (const Session& session : sessions()) ++found[std::min(session.messages, kLast) - 1];
  for (std::size_t count = 1; count < kLast; ++count, more *= 0.75) expected.push_back(more / 4);
  expected.push_back(more);
  EXPECT_LT(tests::chi_squared(found, expected), 1);
}

TEST(SessionStatistics, WhatIsDrawnForOneSessionIsDrawnByItself) {
  for (std::size_t one = 0; one < 3; ++one) {
    for (std::size_t other = 0; other < 3; ++other) {
      std::vector<std::vector<double>> here(2, std::vector<double>(2));
      std::vector<std::vector<double>> next(2, std::vector<double>(2));
      for (std::size_t n = 0; n + 1 < kSessions; ++n) {
        ++here[sessions()[n].has[one]][sessions()[n].has[other]];
        ++next[sessions()[n].has[one]][sessions()[n + 1].has[other]];
      }
      if (one < other) {
        EXPECT_LT(tests::dependence(here), 1) << one << other;
      }
      EXPECT_LT(tests::dependence(next), 1) << one << other;
    }
    std::vector<std::vector<double>> messages(2, std::vector<double>(8));
    for (const Session& session : sessions()) {
      ++messages[session.has[one]][std::min<std::size_t>(session.messages, 8) - 1];
    }
    EXPECT_LT(tests::dependence(messages), 1) << one;
  }
}

// Numbers of sessions and of messages are the same ones.
TEST(SessionStatistics, ASessionTellsNothingOfTheMessageOfItsNumber) {
  using mail::Drawn;
  const std::array<Drawn, 5> of_messages = {Drawn::kind, Drawn::sender, Drawn::recipient_count,
                                            Drawn::recipient, Drawn::content};
  for (const Drawn what : of_messages) {
    std::vector<std::vector<double>> table(2, std::vector<double>(10));
    for (std::uint64_t number = 0; number < kSessions; ++number) {
      const double drawn = mail::roll_for(7, what, number).unit();
      ++table[sessions()[number].has[0]][static_cast<std::size_t>(10 * drawn)];
    }
    EXPECT_LT(tests::dependence(table), 1) << static_cast<int>(what);
  }
}

TEST(SessionStatistics, ThinkTimesFit) {
  const Pause pause{.length = session_mix().think.value()};
  Roll roll(7);
  std::vector<double> seconds;
  for (std::size_t count = 0; count < kSessions; ++count) {
    seconds.push_back(std::chrono::duration<double>(pause.draw(roll)).count());
  }
  const auto share = [](double x) { return 1 - std::exp(-x / 0.2); };
  EXPECT_LT(tests::kolmogorov_smirnov(seconds, share), 1);
}

}  // namespace
}  // namespace millrace::source
