#include "source/connection_mix.h"

#include <gtest/gtest.h>

namespace millrace::source {
namespace {

using smtp::Extension;

smtp::ClientPlan plan() {
  return {.hello_verb = smtp::Verb::ehlo,
          .hello_name = "h.test",
          .wanted = {Extension::starttls, Extension::auth, Extension::pipelining},
          .window = 9};
}

// How many of so many connections, each in `counted`.
template <typename Counted>
int count(const ConnectionMix& mix, Counted counted) {
  int number = 0;
  for (std::uint64_t connection = 0; connection < 1'000; ++connection) {
    number += counted(draw_traits(mix, plan(), connection, "u@a.test")) ? 1 : 0;
  }
  return number;
}

auto with(Extension extension) {
  return [extension](const ConnectionTraits& traits) { return traits.plan.wanted.has(extension); };
}

TEST(ConnectionMix, OfNothingIsThePlan) {
  const ConnectionTraits traits = draw_traits({}, plan(), 3, "u@a.test");
  EXPECT_EQ(traits.plan.wanted, plan().wanted);
  EXPECT_EQ(traits.plan.hello_name, "h.test");
  EXPECT_EQ(traits.plan.window, 9U);
  EXPECT_EQ(traits.messages, 0U);
}

TEST(ConnectionMix, LeavesOutByShares) {
  const ConnectionMix some{.session = {.tls = 0.8, .auth = 0.5, .pipelining = 0.2},
                           .auth_in_clear = true};
  EXPECT_NEAR(count(some, with(Extension::starttls)), 800, 65);
  EXPECT_NEAR(count(some, with(Extension::auth)), 500, 80);
  EXPECT_NEAR(count(some, with(Extension::pipelining)), 200, 65);
  const ConnectionMix none{.session = {.tls = 0, .auth = 0, .pipelining = 0}};
  EXPECT_EQ(count(none, [](const auto& traits) { return !traits.plan.wanted.empty(); }), 0);
  const ConnectionMix all{.session = {.tls = 1, .auth = 1, .pipelining = 1}};
  EXPECT_EQ(count(all, with(Extension::auth)), 1'000);
}

TEST(ConnectionMix, SendsNoPasswordInClear) {
  ConnectionMix mix{.session = {.tls = 0.5}};
  const auto in_clear = [](const ConnectionTraits& traits) {
    return traits.plan.wanted.has(Extension::auth) && !traits.plan.wanted.has(Extension::starttls);
  };
  EXPECT_EQ(count(mix, in_clear), 0);
  mix.auth_in_clear = true;
  EXPECT_GT(count(mix, in_clear), 400);
}

// TLS from the start is no extension that could be left out.
TEST(ConnectionMix, TlsFromTheStartProtects) {
  smtp::ClientPlan from_start = plan();
  from_start.wanted.remove(Extension::starttls);
  EXPECT_TRUE(draw_traits({}, from_start, 0, "").plan.wanted.has(Extension::auth));
}

TEST(ConnectionMix, WithoutPipeliningThereIsNoWindow) {
  const ConnectionMix none{.session = {.pipelining = 0}};
  EXPECT_EQ(draw_traits(none, plan(), 0, "").plan.window, 1U);
}

TEST(ConnectionMix, CarriesSoManyMessages) {
  EXPECT_EQ(draw_traits({.session = {.messages = Constant{4}}}, plan(), 0, "").messages, 4U);
  EXPECT_EQ(draw_traits({.session = {.messages = Constant{0}}}, plan(), 0, "").messages, 1U);
}

TEST(ConnectionMix, NamesTheConnectionAndTheSendersDomain) {
  const auto name = [](const char* pattern, std::string_view sender) {
    return draw_traits({.session = {.helo = pattern}}, plan(), 12, sender).plan.hello_name;
  };
  EXPECT_EQ(name("host{n}.{domain}", "u@a.test"), "host12.a.test");
  EXPECT_EQ(name("{domain}.{domain}", "u@a.test"), "a.test.a.test");
  EXPECT_EQ(name("{n}{n}{domain}{domain}", "u@a.test"), "1212a.testa.test");
  EXPECT_EQ(name("{n}", ""), "12");
  EXPECT_EQ(name("{domain}", ""), "example.invalid");
  EXPECT_EQ(name("{domain}", "u@\xc3\xa4.test"), "example.invalid") << "EHLO is in ASCII";
  smtp::ClientPlan silent = plan();
  silent.hello_name.clear();
  EXPECT_EQ(draw_traits({.session = {.helo = "x"}}, silent, 0, "").plan.hello_name, "");
}

// So that a scenario with one share more is the same run otherwise.
TEST(ConnectionMix, WhatIsLeftOpenChangesNothingElse) {
  const ConnectionMix one{.session = {.pipelining = 0.5}, .auth_in_clear = true};
  const ConnectionMix all{.session = {.tls = 0.5, .auth = 0.5, .pipelining = 0.5},
                          .auth_in_clear = true};
  for (std::uint64_t connection = 0; connection < 64; ++connection) {
    const auto pipelines = [connection](const ConnectionMix& mix) {
      return draw_traits(mix, plan(), connection, "").plan.wanted.has(Extension::pipelining);
    };
    EXPECT_EQ(pipelines(one), pipelines(all)) << connection;
  }
}

TEST(ConnectionMix, IsTheSameForTheSameSeed) {
  const auto all = [](std::uint64_t seed) {
    std::string text;
    for (std::uint64_t connection = 0; connection < 64; ++connection) {
      const auto traits =
          draw_traits({.seed = seed, .session = {.tls = 0.5}}, plan(), connection, "");
      text += traits.plan.wanted.has(Extension::starttls) ? '1' : '0';
    }
    return text;
  };
  EXPECT_EQ(all(1), all(1));
  EXPECT_NE(all(1), all(2));
}

}  // namespace
}  // namespace millrace::source
