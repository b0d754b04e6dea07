// What a scenario's messages are drawn as, over a hundred thousand of them: each thing by itself
// fits what was asked for, and none has to do with another.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "goodness_of_fit.h"
#include "mail/message.h"
#include "mail/scenario/scenario_reader.h"
#include "mail/scenario/scenario_workload.h"

namespace millrace::mail {
namespace {

constexpr std::size_t kMessages = 100'000;

constexpr const char* kScenario = R"(
[senders]
addresses = "u{1-5000}@a.test"
null = "3%"
[recipients]
domains = { "big.test" = 45, "mid{1-40}.test" = 40, "tail{1-2000}.test" = 15 }
local = "user{1-100000}"
count = { 1 = 85, "2-5" = 12, "50" = 3 }
[[message]]
name = "receipt"
weight = 60
size = "lognormal 14K 1.1"
[[message]]
name = "real"
weight = 30
size = "pareto 2K 1.5"
[[message]]
name = "newsletter"
weight = 10
size = "4K-8K"
)";

std::shared_ptr<const MixedWorkload> workload(std::uint64_t seed) {
  const ScenarioRead read = read_scenario(kScenario, "mix.toml");
  EXPECT_TRUE(read.mistakes.empty());
  const MessageOptions common;
  return make_workload(read.scenario, {.seed = seed, .common = common, .headers = {}});
}

// The share of sizes of a kind that are not above this one. No message is smaller than its headers
// are, so what is drawn below that comes out as that: some in ten thousand.
double share_of_size(std::size_t kind, double size) {
  switch (kind) {
    case 0:
      return std::erfc(-std::log(size / 14'336) / 1.1 / std::sqrt(2)) / 2;
    case 1:
      return 1 - std::pow(2'048 / size, 1.5);
    default:
      return std::clamp((size - 4'096) / 4'096, 0.0, 1.0);
  }
}

struct Address {
  std::string domain;    // all but its digits
  std::size_t host = 0;  // the number in it; 0: none
  std::size_t local = 0;
};

std::size_t number_in(std::string_view text) {
  const std::size_t at = text.find_first_of("123456789");
  return at == std::string_view::npos ? 0 : std::stoul(std::string(text.substr(at)));
}

Address taken_apart(const std::string& mailbox) {
  const std::size_t at = mailbox.find('@');
  return {.domain = mailbox.substr(at + 1, 3),
          .host = number_in(mailbox.substr(at + 1)),
          .local = number_in(mailbox.substr(0, at))};
}

struct Message {
  std::size_t kind = 0;
  std::size_t sender = 0;  // its number, 0: the null reverse-path
  std::vector<Address> recipients;
  double size = 0;
};

std::vector<Message> draw_messages(std::uint64_t seed) {
  const auto mix = workload(seed);
  const auto source = mix->messages();
  std::vector<Message> messages(kMessages);
  std::string text;
  for (std::size_t n = 0; n < kMessages; ++n) {
    Message& message = messages[n];
    message.kind = mix->kind(n);
    text.clear();
    mix->append_sender(n, text);
    message.sender = number_in(text);
    for (std::size_t i = 0; i < mix->recipients(n); ++i) {
      text.clear();
      mix->append_recipient(n, i, text);
      message.recipients.push_back(taken_apart(text));
    }
    message.size = static_cast<double>(source->content_size(n));
  }
  return messages;
}

const std::vector<Message>& messages() {
  static const std::vector<Message> drawn = draw_messages(7);
  return drawn;
}

TEST(MixStatistics, KindsFit) {
  std::vector<double> found(3);
  for (const Message& message : messages()) ++found[message.kind];
  EXPECT_LT(tests::chi_squared(found, std::vector<double>{60'000, 30'000, 10'000}), 1);
}

TEST(MixStatistics, SendersFit) {
  std::vector<double> found(5'001);
  for (const Message& message : messages()) ++found.at(message.sender);
  std::vector<double> expected(5'001, kMessages * 0.97 / 5'000);
  expected[0] = kMessages * 0.03;
  EXPECT_LT(tests::chi_squared(found, expected), 1);
  // Among thousands of cells the one that matters could hide.
  const std::vector<double> shares{found[0], kMessages - found[0]};
  EXPECT_LT(tests::chi_squared(shares, std::vector<double>{3'000, 97'000}), 1);
}

TEST(MixStatistics, RecipientCountsFit) {
  std::map<std::size_t, double> found;
  for (const Message& message : messages()) ++found[message.recipients.size()];
  std::vector<double> counts;
  for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 50U}) counts.push_back(found[count]);
  EXPECT_EQ(found.size(), counts.size());
  EXPECT_LT(
      tests::chi_squared(counts, std::vector<double>{85'000, 3'000, 3'000, 3'000, 3'000, 3'000}),
      1);
}

TEST(MixStatistics, DomainsAndLocalPartsFit) {
  std::map<std::string, std::vector<double>> hosts{{"big", std::vector<double>(1)},
                                                   {"mid", std::vector<double>(40)},
                                                   {"tai", std::vector<double>(2'000)}};
  std::vector<double> locals(1'000);
  double all = 0;
  for (const Message& message : messages()) {
    for (const Address& address : message.recipients) {
      ++hosts.at(address.domain).at(address.host == 0 ? 0 : address.host - 1);
      ++locals.at((address.local - 1) / 100);
      ++all;
    }
  }
  std::vector<double> found;
  std::vector<double> expected;
  std::vector<double> of_patterns;
  for (const auto& [name, weight] : {std::pair{"big", 0.45}, {"mid", 0.4}, {"tai", 0.15}}) {
    const std::vector<double>& counts = hosts.at(name);
    found.insert(found.end(), counts.begin(), counts.end());
    expected.insert(expected.end(), counts.size(),
                    all * weight / static_cast<double>(counts.size()));
    double sum = 0;
    for (const double count : counts) sum += count;
    of_patterns.push_back(sum);
  }
  EXPECT_LT(tests::chi_squared(found, expected), 1);
  EXPECT_LT(tests::chi_squared(of_patterns, std::vector<double>{all * 0.45, all * 0.4, all * 0.15}),
            1);
  EXPECT_LT(tests::chi_squared(locals, std::vector<double>(1'000, all / 1'000)), 1);
}

TEST(MixStatistics, SizesFit) {
  for (std::size_t kind = 0; kind < 3; ++kind) {
    std::vector<double> sizes;
    for (const Message& message : messages()) {
      if (message.kind == kind) sizes.push_back(message.size);
    }
    const auto share = [kind](double size) { return share_of_size(kind, size); };
    EXPECT_LT(tests::kolmogorov_smirnov(sizes, share), 1) << kind;
  }
}

// What is told apart of a message, in few cells, and how many these are.
struct Aspect {
  const char* name;
  std::size_t cells;
  std::function<std::size_t(const Message&)> cell;
};

std::size_t domain_cell(const Address& address) {
  return address.domain == "big" ? 0 : address.domain == "mid" ? 1 : 2;
}

const std::array<Aspect, 6> kAspects = {{
    {"kind", 3, [](const Message& one) { return one.kind; }},
    {"null sender", 2, [](const Message& one) { return one.sender == 0 ? 1U : 0U; }},
    {"recipient count", 3,
     [](const Message& one) {
       return one.recipients.size() == 1 ? 0U : one.recipients.size() < 50 ? 1U : 2U;
     }},
    {"domain", 3, [](const Message& one) { return domain_cell(one.recipients.front()); }},
    {"local part", 10,
     [](const Message& one) { return (one.recipients.front().local - 1) / 10'000; }},
    {"size", 10,
     [](const Message& one) {
       return std::min<std::size_t>(
           static_cast<std::size_t>(10 * share_of_size(one.kind, one.size)), 9);
     }},
}};

// How the one goes with the other of what comes `behind` it by so many messages.
double dependence_of(const Aspect& one, const Aspect& other, std::size_t behind,
                     const std::vector<Message>& others) {
  std::vector<std::vector<double>> table(one.cells, std::vector<double>(other.cells));
  for (std::size_t n = 0; n + behind < kMessages; ++n) {
    ++table[one.cell(messages()[n])][other.cell(others[n + behind])];
  }
  return tests::dependence(table);
}

TEST(MixStatistics, WhatIsDrawnForOneMessageIsDrawnByItself) {
  for (const Aspect& one : kAspects) {
    for (const Aspect& other : kAspects) {
      if (&one >= &other) continue;
      EXPECT_LT(dependence_of(one, other, 0, messages()), 1) << one.name << ", " << other.name;
    }
  }
}

TEST(MixStatistics, AMessageTellsNothingOfTheNext) {
  for (const Aspect& one : kAspects) {
    for (const Aspect& other : kAspects) {
      EXPECT_LT(dependence_of(one, other, 1, messages()), 1) << one.name << ", " << other.name;
    }
  }
}

TEST(MixStatistics, RecipientsOfAMessageAreDrawnByThemselves) {
  std::vector<std::vector<double>> domains(3, std::vector<double>(3));
  std::vector<std::vector<double>> locals(5, std::vector<double>(5));
  for (const Message& message : messages()) {
    if (message.recipients.size() < 2) continue;
    const Address& first = message.recipients[0];
    const Address& second = message.recipients[1];
    ++domains[domain_cell(first)][domain_cell(second)];
    ++locals[(first.local - 1) / 20'000][(second.local - 1) / 20'000];
  }
  EXPECT_LT(tests::dependence(domains), 1);
  EXPECT_LT(tests::dependence(locals), 1);
}

// Seeds are small numbers that follow each other.
TEST(MixStatistics, AnotherSeedIsAnotherRun) {
  const std::vector<Message> others = draw_messages(8);
  for (const Aspect& one : kAspects) {
    for (const Aspect& other : kAspects) {
      EXPECT_LT(dependence_of(one, other, 0, others), 1) << one.name << ", " << other.name;
    }
  }
}

}  // namespace
}  // namespace millrace::mail
