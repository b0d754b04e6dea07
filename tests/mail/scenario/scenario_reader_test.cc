// Every key of a scenario, read.
#include "mail/scenario/scenario_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "printed_scenario.h"

namespace millrace::mail {
namespace {

// What a scenario says in which nothing is wrong.
std::string read(std::string_view text, const std::string& path = "mix.toml") {
  const ScenarioRead read = read_scenario(text, path);
  EXPECT_EQ(fmt::format("{}", fmt::join(read.mistakes, "\n")), "") << text;
  return printed(read.scenario);
}

// The same of the keys of one table.
std::string read_in(std::string_view table, std::string_view keys) {
  return read(fmt::format("[{}]\n{}\n", table, keys));
}

// The same of a kind of messages, without its name and weight.
std::string read_kind(std::string_view keys) {
  const std::string printed = read(fmt::format("[[message]]\nname = 'a'\n{}\n", keys));
  constexpr std::string_view kBegin = "a, 1: ";
  EXPECT_TRUE(printed.starts_with(kBegin)) << printed;
  return printed.substr(std::min(kBegin.size(), printed.size()));
}

constexpr std::string_view kWhole = R"(
seed = 7
[senders]
addresses = "senders.txt"
null = "3%"
[recipients]
domains = { "big.test" = 45, "mid{1-40}.test" = 40, "tail{1-2000}.test" = 15 }
local   = "user{1-100000}"
count   = { 1 = 85, "2-5" = 12, "50" = 3 }
[[message]]
name = "receipt"
weight = 60
size = "lognormal 14K 1.1"
[[message]]
name = "real"
weight = 30
corpus = "corpus/"
[[message]]
name = "newsletter"
weight = 10
template = "news.eml"
fields = "people.csv"
dkim = { domain = "a.test", selector = "s1", key = "s1.pem" }
[session]
messages = "geometric 4"
tls = "80%"
auth = "20%"
pipelining = "60%"
helo = "host{n}.{domain}"
think = "exponential 200ms"
)";

TEST(ScenarioReader, ReadsAllOfAScenario) {
  EXPECT_EQ(read(kWhole),
            "seed: 7\n"
            "senders: file senders.txt\n"
            "null senders: 0.03\n"
            "local parts: user{1-100000}: 1\n"
            "domains: big.test: 45; mid{1-40}.test: 40; tail{1-2000}.test: 15\n"
            "count: 1: 85; 2 to 5: 12; 50: 3\n"
            "receipt, 60: text of lognormal 14336 1.1: 1\n"
            "real, 30: corpus file corpus/, fresh\n"
            "newsletter, 10: template file news.eml, file people.csv\n"
            "  signed by a.test s1 file s1.pem\n"
            "messages: geometric 4\n"
            "tls: 0.8\n"
            "auth: 0.2\n"
            "pipelining: 0.6\n"
            "helo: host{n}.{domain}\n"
            "think: exponential 200000000\n");
}

TEST(ScenarioReader, WhatIsNotNamedIsLeftOpen) {
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("# nothing\n[senders]\n[recipients]\n[session]\n"), "");
  EXPECT_EQ(read_kind("size = 1"), "text of 1: 1\n");
}

TEST(ScenarioReader, SeedsAreWholeNumbers) {
  EXPECT_EQ(read("seed = 0"), "seed: 0\n");
  EXPECT_EQ(read("seed = 0xff"), "seed: 255\n");
  EXPECT_EQ(read("seed = '18446744073709551615'"), "seed: 18446744073709551615\n");
}

// --- files

TEST(ScenarioReader, FilesAreWhereTheScenarioIs) {
  constexpr std::string_view kText = R"(
[senders]
addresses = "senders.txt"
[recipients]
domains = "./domains.txt"
local = "../local.txt"
[[message]]
name = "a"
histogram = "sizes.csv"
[[message]]
name = "b"
corpus = "mail"
dkim = { domain = "a.test", selector = "s", key = "keys/s.pem" }
[[message]]
name = "c"
template = "c.eml"
fields = "/c.csv"
)";
  const auto expected = [](std::string_view directory) {
    return fmt::format(
        "senders: file {0}senders.txt\n"
        "local parts: file {0}../local.txt\n"
        "domains: file {0}./domains.txt\n"
        "a, 1: text of file {0}sizes.csv\n"
        "b, 1: corpus file {0}mail, fresh\n"
        "  signed by a.test s file {0}keys/s.pem\n"
        "c, 1: template file {0}c.eml, file /c.csv\n",
        directory);
  };
  EXPECT_EQ(read(kText, "mix.toml"), expected(""));
  EXPECT_EQ(read(kText, "/etc/mixes/mix.toml"), expected("/etc/mixes/"));
  EXPECT_EQ(read(kText, "here/mix.toml"), expected("here/"));
  EXPECT_EQ(read(kText, "/mix.toml"), expected("/"));
}

// --- people

TEST(ScenarioReader, AddressesAreAFileOrPatterns) {
  EXPECT_EQ(read_in("senders", "addresses = 'u{1-5000}@a.test'"), "senders: u{1-5000}@a.test: 1\n");
  EXPECT_EQ(read_in("senders", "addresses = { 'a@a.test' = 2, 'b@a.test' = 0.5 }"),
            "senders: a@a.test: 2; b@a.test: 0.5\n");
  EXPECT_EQ(read_in("senders", "addresses = '/senders@home'"), "senders: file /senders@home\n");
  EXPECT_EQ(read_in("recipients", "addresses = 'people.csv'"), "recipients: file people.csv\n");
  EXPECT_EQ(read_in("recipients", "addresses = 'u{1-5}@a.test'"), "recipients: u{1-5}@a.test: 1\n");
  EXPECT_EQ(read_in("recipients.addresses", "'a@a.test' = 1"), "recipients: a@a.test: 1\n");
}

TEST(ScenarioReader, PartsOfAddressesArePatternsUnlessAPathIsWritten) {
  EXPECT_EQ(read_in("recipients", "domains = 'a.test'\nlocal = 'u'"),
            "local parts: u: 1\ndomains: a.test: 1\n");
  EXPECT_EQ(read_in("recipients", "domains = './a.test'\nlocal = { 'x{01-99}' = 3, y = 1 }"),
            "local parts: x{01-99}: 3; y: 1\ndomains: file ./a.test\n");
  EXPECT_EQ(read_in("recipients", "domains = 'a.test=9, b{1-2}.test=0.5,c.test'\nlocal = 'u'"),
            "local parts: u: 1\ndomains: a.test: 9; b{1-2}.test: 0.5; c.test: 1\n");
}

TEST(ScenarioReader, SomeSendersAreNull) {
  EXPECT_EQ(read_in("senders", "null = 0.25"), "null senders: 0.25\n");
  EXPECT_EQ(read_in("senders", "null = '100%'"), "null senders: 1\n");
  EXPECT_EQ(read_in("senders", "null = 0"), "");
}

TEST(ScenarioReader, RecipientsAreCounted) {
  EXPECT_EQ(read_in("recipients", "count = 3"), "count: 3: 1\n");
  EXPECT_EQ(read_in("recipients", "count = '1-100000'"), "count: 1 to 100000: 1\n");
  EXPECT_EQ(read_in("recipients", "count = 'geometric 1.5'"), "count: geometric 1.5: 1\n");
  EXPECT_EQ(read_in("recipients.count", "1 = 9\n'geometric 8' = 1\n50 = 0"),
            "count: 1: 9; 50: 0; geometric 8: 1\n");
}

// --- messages

TEST(ScenarioReader, SizesAreDistributionsOrWeightsOfThem) {
  EXPECT_EQ(read_kind("size = 5000"), "text of 5000: 1\n");
  EXPECT_EQ(read_kind("size = '1G'"), "text of 1073741824: 1\n");
  EXPECT_EQ(read_kind("size = '1K-10K'"), "text of 1024 to 10240: 1\n");
  EXPECT_EQ(read_kind("size = 'pareto 2K 1.5'"), "text of pareto 2048 1.5: 1\n");
  EXPECT_EQ(read_kind("size = 'exponential 2K'"), "text of exponential 2048: 1\n");
  EXPECT_EQ(read_kind("size = { 1K = 50, '10K-1M' = 3, 'lognormal 14K 1.1' = 1 }"),
            "text of 10240 to 1048576: 3; 1024: 50; lognormal 14336 1.1: 1\n");
  EXPECT_EQ(read_kind("histogram = 'sizes.csv'"), "text of file sizes.csv\n");
}

TEST(ScenarioReader, BodiesHaveForms) {
  for (const char* const form : {"text", "attachment", "html", "filler"}) {
    EXPECT_EQ(read_kind(fmt::format("size = 1\nbody = '{}'", form)),
              fmt::format("{} of 1: 1\n", form));
  }
  EXPECT_EQ(read_kind("histogram = 'x'\nbody = 'html'"), "html of file x\n");
}

TEST(ScenarioReader, ACorpusIsFreshOrAsItIs) {
  EXPECT_EQ(read_kind("corpus = 'mail'"), "corpus file mail, fresh\n");
  EXPECT_EQ(read_kind("corpus = 'mail'\nas = 'fresh'\nheaders = 'X: y'"),
            "corpus file mail, fresh\n  X: y\n");
  EXPECT_EQ(read_kind("corpus = 'mail'\nas = 'is'"), "corpus file mail, as it is\n");
}

TEST(ScenarioReader, ATemplateMayHaveFields) {
  EXPECT_EQ(read_kind("template = 'a.eml'"), "template file a.eml, no fields\n");
  EXPECT_EQ(read_kind("template = 'a.eml'\nfields = 'a.csv'"), "template file a.eml, file a.csv\n");
  EXPECT_EQ(read_kind("template = 'a.eml'\nfields = 'a.csv'\nto = 'e'"),
            "template file a.eml, file a.csv, to e\n");
}

TEST(ScenarioReader, HeadersAreLines) {
  EXPECT_EQ(read_kind("size = 1\nheaders = ['List-Id: <a.test>', 'X:', \"Y:\\tz\", 'Z: ä']"),
            "text of 1: 1\n  List-Id: <a.test>\n  X:\n  Y:\tz\n  Z: ä\n");
  const std::string longest = "X: " + std::string(995, 'x');
  EXPECT_EQ(read_kind("size = 1\nheaders = '" + longest + "'"),
            "text of 1: 1\n  " + longest + "\n");
}

TEST(ScenarioReader, KindsAreInTheOrderOfTheFile) {
  EXPECT_EQ(
      read("[[message]]\nname = 'z'\nsize = 1\n[[message]]\nname = 'a'\nweight = 0.5\nsize = 2\n"
           "[[message]]\nname = 'm'\nweight = 0\nsize = 3\n"),
      "z, 1: text of 1: 1\na, 0.5: text of 2: 1\nm, 0: text of 3: 1\n");
}

// --- clients

TEST(ScenarioReader, ClientsHaveWeights) {
  EXPECT_EQ(read("[[client]]\nkind = 'good'\nweight = 5\n[[client]]\nkind = 'slow-writer 10'\n"),
            "client good: 5\nclient slow-writer 10: 1\n");
}

// --- sessions

TEST(ScenarioReader, SessionsAreMixed) {
  EXPECT_EQ(read_in("session", "messages = 10"), "messages: 10\n");
  EXPECT_EQ(read_in("session", "messages = '1-1000000000'"), "messages: 1 to 1000000000\n");
  EXPECT_EQ(read_in("session", "tls = 0\nauth = 1\npipelining = '50%'"),
            "tls: 0\nauth: 1\npipelining: 0.5\n");
  EXPECT_EQ(read_in("session", "helo = 'client.test'"), "helo: client.test\n");
  EXPECT_EQ(read_in("session", "helo = '{domain}'"), "helo: {domain}\n");
  EXPECT_EQ(read_in("session", "helo = '" + std::string(255, 'x') + "'"),
            "helo: " + std::string(255, 'x') + "\n");
  EXPECT_EQ(read_in("session", "think = '1s-1h'"), "think: 1000000000 to 3600000000000\n");
}

}  // namespace
}  // namespace millrace::mail
