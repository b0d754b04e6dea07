#include "source/dialogue_display.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/address_pool.h"

namespace millrace::source {
namespace {

using Lines = std::vector<std::string>;

// What is shown, line by line.
class DialogueDisplayTest : public testing::Test {
 protected:
  DialogueDisplayTest() {
    divert_messages([this](std::string_view line) {
      lines.emplace_back(line.substr(line.find(": ") + 2));  // behind the program's name
      while (!lines.back().empty() && lines.back().back() == '\n') lines.back().pop_back();
    });
  }
  ~DialogueDisplayTest() override { divert_messages({}); }

  Lines sent(std::string_view text, std::size_t from = 0, bool secret = false) {
    lines.clear();
    Output out;
    out.append(text);
    display.sent(out, from, secret);
    return lines;
  }

  DialogueDisplay display{true};
  Lines lines;
};

const smtp::PendingCommand kData{.verb = smtp::Verb::data};
const smtp::Reply kGoAhead{.code = 354, .text = "354 go\nahead"};

TEST_F(DialogueDisplayTest, ShowsEachCommandThatWasAdded) {
  EXPECT_EQ(sent("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", 8),
            (Lines{"MAIL FROM:<a@b>", "RCPT TO:<c@d>"}));
  EXPECT_EQ(sent("EHLO x\r\n", 8), Lines{});
}

TEST_F(DialogueDisplayTest, ShowsContentAsItsLength) {
  display.replied(kData, kGoAhead, smtp::Outcome::expected);
  EXPECT_EQ(lines, Lines{"<<< 354 go ahead"});
  EXPECT_EQ(sent("Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n"), (Lines{"(20 bytes of content)", "QUIT"}));
  EXPECT_EQ(sent("QUIT\r\n"), Lines{"QUIT"});  // content is once
}

TEST_F(DialogueDisplayTest, ShowsAnEmptyMessageAsItsEnd) {
  display.replied(kData, kGoAhead, smtp::Outcome::expected);
  EXPECT_EQ(sent(".\r\n"), Lines{"."});
}

TEST_F(DialogueDisplayTest, ShowsNoContentWhereDataWasRefused) {
  display.replied(kData, {.code = 554, .text = "554 no"}, smtp::Outcome::refused);
  EXPECT_EQ(sent("RSET\r\n"), Lines{"RSET"});
}

TEST_F(DialogueDisplayTest, ShowsAChunkBehindItsCommand) {
  EXPECT_EQ(
      sent("BDAT 3\r\nab\nBDAT 1 LAST\r\nxQUIT\r\n"),
      (Lines{"BDAT 3", "(3 bytes of content)", "BDAT 1 LAST", "(1 byte of content)", "QUIT"}));
}

TEST_F(DialogueDisplayTest, NeverShowsASecret) {
  EXPECT_EQ(sent("AUTH PLAIN AGEAYg==\r\n", 0, true), Lines{"(authentication)"});
}

TEST_F(DialogueDisplayTest, ShowsWhereItConnectsTo) {
  display.trying(*net::numeric_address("192.0.2.1", 25));
  display.passed_over("connect: no");
  EXPECT_EQ(lines, (Lines{"trying [192.0.2.1]:25", "connect: no"}));
}

TEST_F(DialogueDisplayTest, ShowsNothingWithoutBeingAsked) {
  DialogueDisplay quiet(false);
  quiet.trying(*net::numeric_address("192.0.2.1", 25));
  quiet.passed_over("connect: no");
  quiet.replied(kData, kGoAhead, smtp::Outcome::expected);
  Output out;
  out.append("QUIT\r\n");
  quiet.sent(out, 0, false);
  EXPECT_EQ(lines, Lines{});
}

}  // namespace
}  // namespace millrace::source
