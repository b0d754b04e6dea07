// Kinds of clients that misbehave: what users may write, and what their scripts say.
#include "mail/clients/client_kind.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::mail {
namespace {

const ClientIdentity kSomebody{
    .hello_name = "a.test", .reverse_path = "me@a.test", .forward_path = "you@b.test"};

ClientBehaviour behaviour(std::string_view text) {
  std::string why;
  auto read = client_behaviour(text, why);
  EXPECT_TRUE(read) << text << ": " << why;
  return read.value_or(ClientBehaviour());
}

std::string why_not(std::string_view text) {
  std::string why;
  EXPECT_FALSE(client_behaviour(text, why)) << text;
  return why;
}

// All that a script sends in one go.
std::string said(std::string_view text) {
  std::string all;
  for (const Step& step : make_script(behaviour(text), kSomebody).steps) all += step.text;
  return all;
}

TEST(ClientKind, IsReadWithItsValue) {
  EXPECT_TRUE(behaviour("good").good());
  EXPECT_EQ(behaviour(" idle \t 2m ").value, 120'000'000'000U);
  EXPECT_EQ(behaviour(" idle \t 2m ").text, "idle 2m");
  EXPECT_EQ(behaviour("slow-writer 2K").value, 2'048U);
  EXPECT_EQ(behaviour("bare-lf CR.CR").value, 5U);
  EXPECT_FALSE(behaviour("bare-lf").value);
}

TEST(ClientKind, SaysWhatIsExpected) {
  EXPECT_TRUE(why_not("polite").starts_with("expected one of good, early-talker, bare-lf"));
  EXPECT_EQ(why_not("no-quit 3"), "no-quit takes no value");
  EXPECT_EQ(why_not("good 3"), "good takes no value");
  EXPECT_EQ(why_not("idle 0"), "expected a time from 1ms to 24h, as idle 60s");
  EXPECT_EQ(why_not("idle 25h"), "expected a time from 1ms to 24h, as idle 60s");
  EXPECT_EQ(why_not("rset-storm many"), "expected rset-storm with a number from 1 to 1000000");
  EXPECT_EQ(why_not("long-line 17M"), "expected long-line with a number of bytes from 1 to 16M");
  EXPECT_EQ(why_not("slow-writer 0"), "expected slow-writer with bytes a second, from 1 to 1M");
  EXPECT_EQ(why_not("bare-lf CRLF.CRLF"),
            "expected one of LF.LF, LF.CRLF, CRLF.LF, LF.CR, CR.LF, CR.CR, CR.CRLF, CRLF.CR");
  EXPECT_EQ(why_not("idle 1s please"), "expected a kind of client and its value");
}

TEST(ClientKind, TakesValuesWithinItsBounds) {
  struct Bounds {
    std::string kind, least, most, beyond;
  };
  const Bounds all[] = {
      {"slow-writer", "1", "1M", "1048577"},           {"idle", "1ms", "24h", "86400001ms"},
      {"abort-in-data", "1", "16M", "16777217"},       {"reset-in-data", "1", "16M", "16777217"},
      {"long-line", "1", "16M", "16777217"},           {"long-header", "1", "16M", "16777217"},
      {"rset-storm", "1", "1000000", "1000001"},       {"rcpt-flood", "1", "1000000", "1000001"},
      {"unknown-commands", "1", "1000000", "1000001"}, {"auth-guess", "1", "1000000", "1000001"},
      {"header-flood", "1", "100000", "100001"},       {"mime-bomb", "1", "10000", "10001"}};
  for (const auto& [kind, least, most, beyond] : all) {
    behaviour(kind + ' ' + least);
    behaviour(kind + ' ' + most);
    why_not(kind + " 0");
    why_not(kind + ' ' + beyond);
  }
}

// Where a server does not play along, a script goes to its goodbye, or leaves as it can.
TEST(ClientKind, HasAScriptThatEnds) {
  for (const ClientKind& kind : client_kinds()) {
    const Script script = make_script({.kind = &kind, .text = std::string(kind.name)}, kSomebody);
    EXPECT_EQ(script.steps.back().act, Act::stay) << kind.name;
    const Step& farewell = script.steps[script.farewell];
    EXPECT_TRUE(farewell.text == "QUIT\r\n" || farewell.act == Act::leave ||
                farewell.act == Act::reset)
        << kind.name;
    for (const Step& step : script.steps) {
      EXPECT_EQ(step.text.find("{helo}"), std::string::npos) << kind.name;
      EXPECT_EQ(step.text.find("{kind}"), std::string::npos) << kind.name;
    }
  }
}

TEST(ClientKind, SmugglesBehindEachFalseEnd) {
  const auto all = variants(behaviour("bare-lf"));
  ASSERT_EQ(all.size(), false_ends().size());
  const std::string ends[] = {"\n.\n", "\n.\r\n", "\r\n.\n", "\n.\r",
                              "\r.\n", "\r.\r",   "\r.\r\n", "\r\n.\r"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].text, "bare-lf " + std::string(false_ends()[i]));
    const std::string text = said(all[i].text);
    EXPECT_NE(text.find("end." + ends[i] +
                        "MAIL FROM:<me@a.test>\r\nRCPT TO:<you@b.test>\r\n"
                        "DATA\r\nSubject: SMUGGLED"),
              std::string::npos)
        << all[i].text;
    EXPECT_TRUE(make_script(all[i], kSomebody).smuggles);
  }
  EXPECT_EQ(variants(behaviour("bare-lf LF.LF")).size(), 1U);
  EXPECT_EQ(variants(behaviour("no-quit")).size(), 1U);
  EXPECT_TRUE(variants(behaviour("good")).empty());
}

TEST(ClientKind, MakesContentOfItsValue) {
  EXPECT_NE(said("long-line 300").find("NOOP " + std::string(300, 'x') + "\r\n"),
            std::string::npos);
  EXPECT_NE(said("header-flood 3").find("X-Flood-3: 3\r\n\r\n"), std::string::npos);
  EXPECT_EQ(said("header-flood 3").find("X-Flood-4"), std::string::npos);
  EXPECT_NE(said("mime-bomb 2").find("boundary=level2x\r\n\r\n--level2x\r\n"), std::string::npos);
  EXPECT_NE(said("mime-bomb 2").find("--level2x--\r\n--level1x--\r\n"), std::string::npos);
  const std::string header = said("long-header 1000");
  const std::size_t begin = header.find("X-Long: ");
  EXPECT_EQ(header.find("\r\n\r\n", begin) + 2 - begin, 1'000U);
  for (std::size_t line = begin; line < begin + 1'000;) {
    const std::size_t end = header.find("\r\n", line);
    EXPECT_LE(end - line, 76U);
    line = end + 2;
  }
}

TEST(ClientKind, HasPathsOfOneLine) {
  const ClientIdentity strange{.hello_name = "a\r\nb", .reverse_path = "\n", .forward_path = "c\r"};
  const Script script = make_script(behaviour("no-quit"), strange);
  EXPECT_EQ(script.steps[1].text, "EHLO ab\r\n");
  EXPECT_EQ(script.steps[3].text, "MAIL FROM:<>\r\n");
  EXPECT_EQ(script.steps[5].text, "RCPT TO:<c>\r\n");
}

}  // namespace
}  // namespace millrace::mail
