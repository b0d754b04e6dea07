#include "mail/corpus/corpus_packer.h"

#include <gtest/gtest.h>

namespace millrace::mail {
namespace {

constexpr bool kQuoted = true;

std::string packed(std::string_view stored, CorpusForm form, bool quoted = false) {
  std::string out = "before\r\n";
  pack(stored, form, quoted, out);
  EXPECT_TRUE(out.starts_with("before\r\n"));
  return out.substr(8);
}
std::string is(std::string_view stored) { return packed(stored, CorpusForm::is); }
std::string fresh(std::string_view stored) { return packed(stored, CorpusForm::fresh); }

PackedTraits traits(std::string_view stored, CorpusForm form = CorpusForm::is) {
  std::string out;
  return pack(stored, form, false, out);
}

TEST(CorpusPacker, EndsEveryLineInCrLf) {
  const std::string wanted = "Subject: a\r\n\r\nb\r\n\r\n c\r\n";
  EXPECT_EQ(is("Subject: a\n\nb\n\n c\n"), wanted);
  EXPECT_EQ(is("Subject: a\r\n\r\nb\r\n\r\n c\r\n"), wanted);
  EXPECT_EQ(is("Subject: a\r\n\nb\n\r\n c\n"), wanted);
  EXPECT_EQ(is("Subject: a\n\nb\n\n c"), wanted);
  EXPECT_EQ(is("\n"), "\r\n");
  EXPECT_EQ(is(""), "");
}

TEST(CorpusPacker, LeavesOtherCarriageReturns) {
  EXPECT_EQ(is("a\rb\n\rc\r\r\nd\r"), "a\rb\r\n\rc\r\r\nd\r\r\n");
  EXPECT_EQ(is("\r"), "\r\r\n");
}

TEST(CorpusPacker, LeavesAllElseAsItIs) {
  const std::string message =
      "Return-Path: <a@b>\r\nReceived: x\r\n\ty\r\nTo: z\r\nno field\r\n\r\n\xff\x01>From a\r\n";
  EXPECT_EQ(is(message), message);
}

TEST(CorpusPacker, SaysWhetherALineBeginsWithADot) {
  EXPECT_EQ(traits(".a\n").content.dots, Content::Dots::some);
  EXPECT_EQ(traits("a\n.").content.dots, Content::Dots::some);
  EXPECT_EQ(traits("a.\n .\nb\r.c\n").content.dots, Content::Dots::none);
  EXPECT_EQ(is("a\n.\n..b\n"), "a\r\n.\r\n..b\r\n");
  // One that goes does not count.
  EXPECT_EQ(traits("To: a\n b\n\nc\n", CorpusForm::fresh).content.dots, Content::Dots::none);
}

TEST(CorpusPacker, SaysWhetherAByteIsBeyondAscii) {
  EXPECT_EQ(traits("a\n\nb\n").content.octets, Content::Octets::seven_bit);
  EXPECT_EQ(traits("a: \xe4\n\nb\n").content.octets, Content::Octets::eight_bit);
  EXPECT_EQ(traits("a: b\n\n\xc3\xa4").content.octets, Content::Octets::eight_bit);
  // One that goes does not count.
  EXPECT_EQ(traits("To: \xe4\n\nb\n", CorpusForm::fresh).content.octets,
            Content::Octets::seven_bit);
}

TEST(CorpusPacker, SaysWhetherALineIsTooLong) {
  EXPECT_FALSE(traits(std::string(998, 'x') + "\r\n").long_lines);
  EXPECT_TRUE(traits("a\n" + std::string(999, 'x')).long_lines);
  EXPECT_TRUE(traits(std::string(999, 'x') + "\n", CorpusForm::fresh).long_lines);
}

TEST(CorpusPacker, TakesTheLastSendingFromFreshOnes) {
  EXPECT_EQ(fresh("Return-Path: <a@b>\n"
                  "Received: from c\n"
                  "\tby d\n"
                  "   ; Thu, 1 Jan 1970 00:00:00 +0000\n"
                  "From: A <a@b>\n"
                  "to: B\n"
                  " <b@c>,\n"
                  " \n"
                  "\tD <d@e>\n"
                  "Subject: To: be\n"
                  " to: or not\n"
                  "DATE : today\n"
                  "Message-Id:<1@a>\n"
                  "cC: x\n"
                  "Resent-To: y\n"
                  "MIME-Version: 1.0\n"
                  "\n"
                  "To: stays\n"
                  "\n"
                  "Date: this too\n"),
            "From: A <a@b>\r\n"
            "Subject: To: be\r\n"
            " to: or not\r\n"
            "MIME-Version: 1.0\r\n"
            "\r\n"
            "To: stays\r\n"
            "\r\n"
            "Date: this too\r\n");
}

TEST(CorpusPacker, SeesTheHeaderWhateverItsLinesEndIn) {
  EXPECT_EQ(fresh("To: a\r\n b\r\nFrom: c\r\n\r\nTo: d\r\n"), "From: c\r\n\r\nTo: d\r\n");
  EXPECT_EQ(fresh("To: a\r\n b\nFrom: c\n\r\nTo: d"), "From: c\r\n\r\nTo: d\r\n");
}

TEST(CorpusPacker, KeepsABodyOneBehindABrokenHeader) {
  EXPECT_EQ(fresh("Hello,\nTo: you\n"), "\r\nHello,\r\nTo: you\r\n");
  EXPECT_EQ(fresh("To: a\nFrom: b\nHello\nTo: you\n"), "From: b\r\n\r\nHello\r\nTo: you\r\n");
  EXPECT_EQ(fresh(" no field to go on with\nTo: a\n"), "\r\n no field to go on with\r\nTo: a\r\n");
}

TEST(CorpusPacker, TakesMessagesWithoutBodyOrHeader) {
  EXPECT_EQ(fresh("To: a\nFrom: b"), "From: b\r\n");
  EXPECT_EQ(fresh("To: a\n b"), "");
  EXPECT_EQ(fresh("To: a\n\n"), "\r\n");
  EXPECT_EQ(fresh("\nTo: a\n"), "\r\nTo: a\r\n");
  EXPECT_EQ(fresh("\n"), "\r\n");
}

TEST(CorpusPacker, TakesOneQuoteOffInAnMbox) {
  EXPECT_EQ(
      packed(">From a\n>>>From b\n> From c\n>From\nx >From d\nFrom e\n>", CorpusForm::is, kQuoted),
      "From a\r\n>>From b\r\n> From c\r\n>From\r\nx >From d\r\nFrom e\r\n>\r\n");
  EXPECT_EQ(packed("To: a\n\n>From b\n", CorpusForm::fresh, kQuoted), "\r\nFrom b\r\n");
  EXPECT_EQ(is(">From a\n"), ">From a\r\n");
}

}  // namespace
}  // namespace millrace::mail
