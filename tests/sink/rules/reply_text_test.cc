#include "sink/rules/reply_text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace millrace::sink::rules {
namespace {

ReplyText reply(const std::vector<std::string>& lines) {
  std::string why;
  auto parsed = ReplyText::parse(lines, why);
  EXPECT_TRUE(parsed) << lines.front() << ": " << why;
  return std::move(*parsed);
}

std::string refused(const std::vector<std::string>& lines) {
  std::string why;
  EXPECT_FALSE(ReplyText::parse(lines, why));
  return why;
}

std::string composed(const ReplyText& reply, const Facts& facts = {},
                     const ReplyText::Match& match = {}) {
  return *reply.compose(facts, match);
}

TEST(ReplyText, OneLineIsAsItIsWritten) {
  const ReplyText text = reply({"450 4.7.1 slow down"});
  EXPECT_EQ(composed(text), "450 4.7.1 slow down\r\n");
  EXPECT_EQ(text.compose({}, {}), text.compose({}, {})) << "the same object each time";
  EXPECT_EQ(text.first_digit(), '4');
  EXPECT_EQ(text.code(), "450");
  EXPECT_EQ(text.groups(), 0U);
  EXPECT_FALSE(text.names_recipient());
  EXPECT_EQ(composed(reply({"550"})), "550\r\n");
}

TEST(ReplyText, SeveralLinesHaveTheCodesOfTheFirst) {
  EXPECT_EQ(composed(reply({"550 5.7.1 no", "550 5.7.1 not at all", "550-never"})),
            "550-5.7.1 no\r\n550-5.7.1 not at all\r\n550 never\r\n");
  EXPECT_EQ(composed(reply({"550 5.7.1 no", "nor ever", "5.7.2 or so"})),
            "550-5.7.1 no\r\n550-5.7.1 nor ever\r\n550 5.7.2 or so\r\n");
  EXPECT_EQ(composed(reply({"250 smtp.test", "PIPELINING", "8BITMIME"})),
            "250-smtp.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
  EXPECT_EQ(composed(reply({"550", "", "x"})), "550-\r\n550-\r\n550 x\r\n");
}

TEST(ReplyText, PlaceholdersAreFilledIn) {
  const std::array<std::string, 2> recipients = {"first@one.test", "second@two.test"};
  Facts facts{.client_text = "192.0.2.1",
              .helo = "mail.test",
              .sender = "ann@a.test",
              .recipient = "bob@b.test",
              .recipients = recipients,
              .size = 1234};
  const ReplyText text =
      reply({"450 {client} {helo} {sender} {recipient} {domain} {size} {rule} {count} {{}}"});
  EXPECT_EQ(composed(text, facts, {.rule = "big", .count = 7}),
            "450 192.0.2.1 mail.test ann@a.test bob@b.test b.test 1234 big 7 {}\r\n");
  EXPECT_TRUE(text.names_recipient());
  EXPECT_TRUE(text.names(ReplyText::Field::size));
  facts.recipient = {};
  facts.sender = "";
  EXPECT_EQ(composed(reply({"450 {sender} {recipient} {domain}"}), facts),
            "450 <> first@one.test one.test\r\n");
  EXPECT_EQ(composed(reply({"450 {sender}{recipient}{domain}{size}{1}."})), "450 .\r\n");
}

TEST(ReplyText, APlaceholderIsAFieldOrAGroupsDigit) {
  EXPECT_EQ(ReplyText::placeholder_in("{} {0} {:} {/} {a} {12} {1 } {1"), "");
  EXPECT_EQ(ReplyText::placeholder_in("{0}{9}"), "{9}");
  EXPECT_EQ(ReplyText::placeholder_in("{{1}"), "{1}");
  EXPECT_EQ(ReplyText::placeholder_in("a {helo}"), "{helo}");
}

TEST(ReplyText, GroupsAreFilledInAndMayBeTheCode) {
  const Groups groups{"450-4.7.1@by.test", "450", "4.7.1"};
  const ReplyText text = reply({"{1} {2} as you asked", "{1} or so", "at last"});
  EXPECT_EQ(text.groups(), 2U);
  EXPECT_EQ(text.first_digit(), '\0');
  EXPECT_EQ(composed(text, {}, {.groups = &groups}),
            "450-4.7.1 as you asked\r\n450-or so\r\n450 at last\r\n");
  for (const char* const none : {"", "45", "4500", "350", "150", "650", "460", "abc", "4\r\n"}) {
    const Groups wrong{"", none, "5.1.1"};
    std::string shown = none;
    if (shown == "4\r\n") shown = "4??";
    EXPECT_EQ(composed(text, {}, {.groups = &wrong}), "451 4.3.0 No reply code: " + shown + "\r\n");
  }
  EXPECT_EQ(composed(text), "451 4.3.0 No reply code: \r\n");
}

TEST(ReplyText, WhatOthersSaidIsMadeHarmlessAndCut) {
  const std::string long_name(1000, 'h');
  const Facts facts{.helo = long_name, .sender = "a\r\n250 ok\t\x7f@b"};
  EXPECT_EQ(composed(reply({"450 {sender}."}), facts), "450 a??250 ok??@b.\r\n");
  const std::string cut = composed(reply({"450 {helo} and {helo}: go"}), facts);
  EXPECT_EQ(cut.size(), 512U);
  EXPECT_TRUE(cut.ends_with("hhh and : go\r\n"));
  EXPECT_EQ(composed(reply({"450 {helo}"}), {.helo = "\xc3\xa4.test"}), "450 ??.test\r\n")
      << "not everybody asked for UTF-8";
}

TEST(ReplyText, RawBytesAreAsTheyAre) {
  const ReplyText raw = ReplyText::raw(std::string("{client}\0\xff\n", 11));
  EXPECT_EQ(composed(raw), std::string("{client}\0\xff\n", 11));
  EXPECT_EQ(raw.first_digit(), '\0');
  EXPECT_EQ(raw.groups(), 0U);
}

TEST(ReplyText, WhatIsNoReplyIsToldWhy) {
  const std::string form = "as 450 4.7.1 Try again later; raw sends what is no reply";
  for (const char* const text : {"", "hello", "45", "4500 x", "450-x", "150 x", "650 x", "460 x",
                                 "450\tx", "{0} x", "{1}x", "4{1}0 x", " 450 x"}) {
    EXPECT_EQ(refused({text}), form) << text;
  }
  EXPECT_EQ(refused({"450 x", "550 y"}), "all lines of a reply have one code");
  EXPECT_EQ(refused({"450 x", "{1} y"}), "all lines of a reply have one code");
  EXPECT_EQ(refused({"450 x\r\n"}), "a control character; raw sends such");
  EXPECT_EQ(refused({"450 {who}"}),
            "in braces only client, helo, sender, recipient, domain, size, rule, count and 1 to 9");
  EXPECT_EQ(refused({"450 {client"}), "a { without the other; {{ stands for itself");
  EXPECT_EQ(refused({"450 client}"}), "a } without the other; }} stands for itself");
  EXPECT_EQ(refused({"450 " + std::string(507, 'x')}), "a line is longer than 512 bytes");
  EXPECT_EQ(composed(reply({"450 " + std::string(506, 'x')})).size(), 512U);
  EXPECT_EQ(refused(std::vector<std::string>(101, "450 x")), "1 to 100 lines");
  EXPECT_EQ(refused({}), "1 to 100 lines");
}

TEST(EnhancedCode, IsOfThreeNumbers) {
  EXPECT_EQ(enhanced_code("4.7.1 text"), "4.7.1");
  EXPECT_EQ(enhanced_code("5.123.999"), "5.123.999");
  for (const char* const text :
       {"", "4.7", "4.7.", "4..1", "3.7.1", "4.7.1x", "4.7.1234", "4x7.1"}) {
    EXPECT_EQ(enhanced_code(text), "") << text;
  }
}

}  // namespace
}  // namespace millrace::sink::rules
