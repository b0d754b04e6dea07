// Every mistake that a scenario may have, with what is said of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mail/scenario/scenario_reader.h"

namespace millrace::mail {
namespace {

std::string mistakes(std::string_view text) {
  std::string told;
  for (const std::string& line : read_scenario(text, "mix.toml").mistakes) {
    EXPECT_TRUE(line.starts_with("mix.toml:")) << line;
    told += line.substr(std::string_view("mix.toml:").size()) + "\n";
  }
  return told;
}

// What is wrong with the keys of a table, which begin on line 2.
struct Wrong {
  std::string keys;
  std::string mistakes;
};

void check(std::string_view table, const std::vector<Wrong>& rows) {
  for (const Wrong& row : rows) {
    EXPECT_EQ(mistakes(fmt::format("{}\n{}\n", table, row.keys)), row.mistakes) << row.keys;
  }
}

TEST(ScenarioMistakes, OfTheFile) {
  check("# a scenario",
        {{"x = 1",
          "2:1: unknown key of scenario: x (expected one of seed, senders, recipients, message, "
          "client, session)\n"},
         {"seed = -1", "2:8: bad seed: -1 (expected a whole number)\n"},
         {"seed = 1.5", "2:8: bad seed: 1.5 (expected a whole number)\n"},
         {"seed = '18446744073709551616'",
          "2:8: bad seed: 18446744073709551616 (expected a whole number)\n"},
         {"seed = []", "2:8: bad seed (expected one value, no list)\n"},
         {"senders = 'a@a.test'", "2:11: bad senders (expected a table)\n"},
         {"[[recipients]]", "2:1: bad recipients (expected a table)\n"},
         {"session = 5", "2:11: bad session (expected a table)\n"},
         {"[message]", "2:2: each message has a table of its own (expected [[message]])\n"},
         {"message = [5]", "2:12: a message is a table (expected [[message]])\n"},
         {"seed = ", "2:8: Error while parsing key-value pair: expected value, saw '\\n'\n"}});
}

TEST(ScenarioMistakes, OfClients) {
  check(
      "# a scenario",
      {{"[client]", "2:2: each client has a table of its own (expected [[client]])\n"},
       {"client = [5]",
        "2:1: the weights of clients sum to nothing\n"
        "2:11: a client is a table (expected [[client]])\n"},
       {"[[client]]\nkind = 'good'\nweight = 0", "2:3: the weights of clients sum to nothing\n"}});
  check("[[client]]",
        {{"kind = 'idle'\nshare = 3",
          "3:1: unknown key of client: share (expected one of kind, weight)\n"},
         {"kind = 'no-quit 5'", "2:1: bad kind: no-quit 5 (no-quit takes no value)\n"},
         {"kind = 5", "2:8: bad kind (expected a text in quotes)\n"},
         {"weight = 5", "1:1: a client without kind (expected kind = \"idle 60s\")\n"}});
}

TEST(ScenarioMistakes, OfSenders) {
  check("[senders]", {{"address = 'x'",
                       "2:1: unknown key of senders: address (expected one of addresses, null)\n"},
                      {"null = '101%'", "2:8: bad null: 101% (expected a share, as 80% or 0.8)\n"},
                      {"null = true", "2:8: bad null: true (expected a share, as 80% or 0.8)\n"},
                      {"addresses = 5", "2:13: bad addresses (expected a text in quotes)\n"},
                      {"addresses = []", "2:13: bad addresses (expected one value, no list)\n"},
                      {"addresses = ''", "2:13: bad addresses: no file is named\n"},
                      {"addresses = \"a\\u0000b\"", "2:13: bad addresses: a path has no NUL\n"},
                      {"addresses = '" + std::string(4097, 'x') + "'",
                       "2:13: bad addresses: the path of the file is too long\n"},
                      {"addresses = {}", "2:13: the weights of addresses sum to nothing\n"},
                      {"addresses = { 'a@a.test' = 0, 'b@a.test' = 0.0 }",
                       "2:13: the weights of addresses sum to nothing\n"},
                      {"addresses = { 'a@a.test' = -1 }",
                       "2:28: bad a@a.test: '-1' is no weight: a number from 0 to 1e15\n"},
                      {"addresses = { 'a@a.test' = inf, 'b@a.test' = 1e16, 'c@a.test' = nan }",
                       "2:28: bad a@a.test: 'inf' is no weight: a number from 0 to 1e15\n"
                       "2:46: bad b@a.test: '10000000000000000.000000000000000' is no weight: a "
                       "number from 0 to 1e15\n"
                       "2:65: bad c@a.test: 'nan' is no weight: a number from 0 to 1e15\n"},
                      {"addresses = { 'a@a.test' = '45%' }",
                       "2:28: bad a@a.test: '45%' is no weight: a number from 0 to 1e15\n"},
                      {"addresses = { 'a@a.test' = [1] }",
                       "2:28: bad a@a.test (expected one value, no list)\n"}});
}

TEST(ScenarioMistakes, OfRecipients) {
  check("[recipients]",
        {{"domain = 'x'",
          "2:1: unknown key of recipients: domain (expected one of addresses, domains, local, "
          "count)\n"},
         {"domains = 'a.test'", "2:1: domains without local (expected local as well)\n"},
         {"local = 'u'", "2:1: local without domains (expected domains as well)\n"},
         {"addresses = 'a'\nlocal = 'u'\ndomains = 'd.test'",
          "3:1: local and addresses exclude each other\n"
          "4:1: domains and addresses exclude each other\n"},
         {"local = 'u'\ndomains = { big.test = 45 }",
          "3:13: big has no weight (expected quotes around what has dots, as \"big.test\" = "
          "45)\n"},
         {"count = 0", "2:9: bad count: '0' is not of whole numbers from 1 on\n"},
         {"count = '1.5'", "2:9: bad count: '1.5' is not of whole numbers from 1 on\n"},
         {"count = '0-5'", "2:9: bad count: '0-5' is not of whole numbers from 1 on\n"},
         {"count = '1-2.5'", "2:9: bad count: '1-2.5' is not of whole numbers from 1 on\n"},
         {"count = { 1 = 0 }", "2:9: the weights of count sum to nothing\n"},
         {"count = [1]", "2:9: bad count (expected one value, no list)\n"}});
}

TEST(ScenarioMistakes, OfMessages) {
  check(
      "[[message]]\nname = 'a'",
      {{"",
        "1:1: a message without content (expected one of size, histogram, corpus, "
        "template)\n"},
       {"siz = 1",
        "1:1: a message without content (expected one of size, histogram, corpus, template)\n"
        "3:1: unknown key of message: siz (expected one of name, weight, size, histogram, body, "
        "corpus, as, template, fields, to, headers, dkim)\n"},
       {"size = 1\ncorpus = 'x'\ntemplate = 'y'",
        "4:1: corpus and size exclude each other\n5:1: template and size exclude each other\n"},
       {"histogram = 'x'\nsize = 1", "3:1: histogram and size exclude each other\n"},
       {"corpus = 'x'\nbody = 'text'",
        "4:1: body goes with size or histogram (expected size or histogram as well)\n"},
       {"size = 1\nas = 'is'\nfields = 'x'",
        "4:1: as goes with corpus (expected corpus as well)\n"
        "5:1: fields goes with template (expected template as well)\n"},
       {"corpus = 'x'\nas = 'is'\nheaders = 'X: y'",
        "5:1: headers change what is sent as it is (expected as = \"fresh\")\n"},
       {"corpus = 'x'\nas = 'it is'", "4:6: bad as: it is (expected one of fresh, is)\n"},
       {"corpus = ''", "3:10: bad corpus: no file is named\n"},
       {"corpus = ['a', 'b']", "3:10: bad corpus (expected one value, no list)\n"},
       {"template = 5", "3:12: bad template (expected a text in quotes)\n"},
       {"size = 1\nbody = 'words'",
        "4:8: bad body: words (expected one of text, attachment, html, filler)\n"},
       {"size = 1\nweight = -1", "4:10: bad weight: '-1' is no weight: a number from 0 to 1e15\n"},
       {"size = 1\nweight = 0", "1:3: the weights of messages sum to nothing\n"},
       {"size = {}", "3:8: the weights of size sum to nothing\n"},
       {"size = { 1.5 = 1 }",
        "3:10: 1 has no weight (expected quotes around what has dots, as \"big.test\" = 45)\n"}});
}

TEST(ScenarioMistakes, OfNamesOfMessages) {
  constexpr std::string_view kExpected = " (expected 1 to 64 bytes that can be printed)\n";
  check("[[message]]\nsize = 1",
        {{"", "1:1: a message without name (expected name = \"receipt\")\n"},
         {"name = ''", fmt::format("3:8: bad name: \"\"{}", kExpected)},
         {"name = \"a\\nb\"", fmt::format("3:8: bad name: a\\nb{}", kExpected)},
         {"name = '" + std::string(65, 'x') + "'",
          fmt::format("3:8: bad name: {}{}", std::string(65, 'x'), kExpected)},
         {"name = 'a'\n[[message]]\nname = 'a'\nsize = 1",
          "5:8: a is the name of another message, at mix.toml:3:8\n"}});
}

TEST(ScenarioMistakes, OfHeaders) {
  constexpr std::string_view kExpected =
      " (expected as \"Name: text\": one line of at most 998 bytes, of no field that messages have "
      "anyway)\n";
  const std::string longest = "X: " + std::string(996, 'x');
  std::vector<Wrong> rows = {
      {"headers = []", "4:11: headers is an empty list\n"},
      {"headers = 5", "4:11: bad headers (expected a text in quotes)\n"},
      {"headers = ['X: y', 'none', ': x', 'a b: c']",
       fmt::format(
           "4:20: bad headers: none{0}4:28: bad headers: : x{0}4:35: bad headers: a b: c{0}",
           kExpected)},
      {"headers = \"X: y\\r\\nY: z\"",
       fmt::format("4:11: bad headers: X: y\\r\\nY: z{}", kExpected)},
      {"headers = '" + longest + "'",
       fmt::format("4:11: bad headers: {}...{}", longest.substr(0, 80), kExpected)},
      {"headers = 'SUBJECT: x'", fmt::format("4:11: bad headers: SUBJECT: x{}", kExpected)},
      {"headers = 'ä: x'", fmt::format("4:11: bad headers: ä: x{}", kExpected)}};
  check("[[message]]\nname = 'a'\nsize = 1", rows);
}

TEST(ScenarioMistakes, OfSignatures) {
  check(
      "[[message]]\nname = 'a'\nsize = 1",
      {{"dkim = 'a.test'", "4:8: bad dkim (expected a table)\n"},
       {"dkim = {}", "4:1: dkim has no domain\n4:1: dkim has no selector\n4:1: dkim has no key\n"},
       {"dkim = { domain = 'a b', selector = '', key = '', algorithm = 'x' }",
        "4:19: bad domain: a b (expected a name of labels with dots between them)\n"
        "4:37: bad selector: \"\" (expected a name of labels with dots between them)\n"
        "4:47: bad key: no file is named\n"
        "4:51: unknown key of dkim: algorithm (expected one of domain, selector, key)\n"}});
}

TEST(ScenarioMistakes, OfSessions) {
  constexpr std::string_view kHelo =
      " (expected a name, in which {n} and {domain} may stand, as host{n}.{domain})\n";
  check("[session]",
        {{"messags = 1",
          "2:1: unknown key of session: messags (expected one of messages, tls, auth, pipelining, "
          "helo, think)\n"},
         {"tls = 2", "2:7: bad tls: 2 (expected a share, as 80% or 0.8)\n"},
         {"auth = 'user'", "2:8: bad auth: user (expected a share, as 80% or 0.8)\n"},
         {"pipelining = '-1%'", "2:14: bad pipelining: -1% (expected a share, as 80% or 0.8)\n"},
         {"messages = 0", "2:12: bad messages: '0' is not of whole numbers from 1 on\n"},
         {"messages = { 1 = 1 }", "2:12: bad messages (expected a text or a number)\n"},
         {"helo = ''", fmt::format("2:8: bad helo: \"\"{}", kHelo)},
         {"helo = 'a b'", fmt::format("2:8: bad helo: a b{}", kHelo)},
         {"helo = 'ä'", fmt::format("2:8: bad helo: ä{}", kHelo)},
         {"helo = 'x{m}'", fmt::format("2:8: bad helo: x{{m}}{}", kHelo)},
         {"helo = '{n'", fmt::format("2:8: bad helo: {{n{}", kHelo)},
         {"helo = 'n}'", fmt::format("2:8: bad helo: n}}{}", kHelo)},
         {"helo = '" + std::string(256, 'x') + "'",
          fmt::format("2:8: bad helo: {}...{}", std::string(80, 'x'), kHelo)}});
}

// What a distribution or a pattern has wrong is said by those who read them.
TEST(ScenarioMistakes, OfDistributionsAndPatterns) {
  EXPECT_EQ(mistakes("[[message]]\nname = 'a'\nsize = 'large'"),
            "3:8: bad size: 'large' is not written as '14K', as A-B, or with exponential, "
            "lognormal, pareto, geometric\n");
  EXPECT_EQ(mistakes("[[message]]\nname = 'a'\nsize = '1025M'"),
            "3:8: bad size: '1025M' is too large\n");
  EXPECT_EQ(mistakes("[[message]]\nname = 'a'\nsize = { '5-1' = 1 }"),
            "3:10: bad size: '5-1' ends below where it begins\n");
  EXPECT_EQ(mistakes("[recipients]\ncount = 100001"), "2:9: bad count: '100001' is too large\n");
  EXPECT_EQ(mistakes("[session]\nmessages = 'geometric 0.5'"),
            "2:12: bad messages: '0.5' is too small\n");
  EXPECT_EQ(mistakes("[session]\nthink = '61m'"), "2:9: bad think: '61m' is too large\n");
  EXPECT_EQ(mistakes("[session]\nthink = 'geometric 2s'"),
            "2:9: bad think: geometric is for whole numbers\n");
  EXPECT_EQ(mistakes("[senders]\naddresses = 'u{5-1}@a.test'"),
            "2:13: bad addresses: '{5-1}' ends below where it begins\n");
  EXPECT_EQ(mistakes("[recipients]\nlocal = 'u'\ndomains = { 'a b' = 1 }"),
            "3:13: bad domains: 'a b' is no domain\n");
  EXPECT_EQ(mistakes("[recipients]\nlocal = 'u{1-2'\ndomains = 'a.test'"),
            "2:9: bad local: 'u{1-2' has a brace without the other\n");
  const auto of_domains = [](std::string_view domains) {
    return mistakes(fmt::format("[recipients]\nlocal = 'u'\ndomains = '{}'", domains));
  };
  EXPECT_EQ(of_domains("a.test,,b.test"),
            "3:11: bad domains: 'a.test,,b.test' has an item that is empty\n");
  EXPECT_EQ(of_domains("a.test,b c"), "3:11: bad domains: 'b c' is no domain\n");
  EXPECT_EQ(of_domains("a.test=x"),
            "3:11: bad domains: 'x' is no weight: a number from 0 to 1e15\n");
  EXPECT_EQ(of_domains("a.test=0,b.test=0"), "3:11: bad domains: the weights sum to nothing\n");
}

TEST(ScenarioMistakes, AllAreToldAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(mistakes("seed = -1\n"
                     "[session]\n"
                     "tls = 'x'\n"
                     "[senders]\n"
                     "null = 'x'\n"
                     "[[message]]\n"
                     "name = 'a'\n"
                     "as = 'x'\n"),
            "1:8: bad seed: -1 (expected a whole number)\n"
            "3:7: bad tls: x (expected a share, as 80% or 0.8)\n"
            "5:8: bad null: x (expected a share, as 80% or 0.8)\n"
            "6:1: a message without content (expected one of size, histogram, corpus, template)\n"
            "8:1: as goes with corpus (expected corpus as well)\n"
            "8:6: bad as: x (expected one of fresh, is)\n");
}

TEST(ScenarioMistakes, AScenarioHasBounds) {
  std::string kinds;
  for (std::size_t kind = 0; kind < kMostKinds; ++kind) {
    kinds += fmt::format("[[message]]\nname='{}'\nsize=1\n", kind);
  }
  EXPECT_EQ(mistakes(kinds), "");
  EXPECT_EQ(mistakes(kinds + "[[message]]\nname='x'\nsize=1\n"),
            "3001:1: too many kinds of messages (expected 1000 at most)\n");
  std::string headers = "[[message]]\nname='a'\nsize=1\nheaders=[\n";
  for (std::size_t header = 0; header < kMostScenarioHeaders; ++header) headers += "'X: y',\n";
  EXPECT_EQ(mistakes(headers + "]"), "");
  EXPECT_EQ(mistakes(headers + "'Y: z']"), "105:1: too many headers (expected 100 at most)\n");
  EXPECT_EQ(mistakes(std::string((1 << 20) + 1, '\n')),
            "1:1: the file is too large (expected at most 1 MiB)\n");
}

}  // namespace
}  // namespace millrace::mail
