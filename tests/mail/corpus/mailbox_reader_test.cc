#include "mail/corpus/mailbox_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "mbox_writer.h"

namespace millrace::mail {
namespace {

// Gives a text, at most so many bytes at a time.
MailboxReader::Read reads(std::string text, std::size_t piece = std::string::npos) {
  return
      [text = std::move(text), piece, at = std::size_t{0}](char* into, std::size_t room) mutable {
        const std::size_t got = std::min({piece, room, text.size() - at});
        text.copy(into, got, at);
        at += got;
        return got;
      };
}

using Messages = std::vector<std::string>;

Messages messages(const std::string& text, std::size_t piece = std::string::npos) {
  MailboxReader reader("x", reads(text, piece));
  Messages all;
  while (const auto message = reader.next()) all.emplace_back(*message);
  EXPECT_FALSE(reader.next());
  return all;
}

std::string refusal(const std::string& text, std::size_t largest = kLargestMessage) {
  try {
    MailboxReader reader("x.mbox", reads(text), largest);
    while (reader.next()) continue;
  } catch (const Fatal& error) {
    return error.what();
  }
  return {};
}

TEST(MailboxReader, TakesAFileOfAnotherKindForOneMessage) {
  EXPECT_EQ(messages("Subject: a\n\nFrom b\n\nFrom c\n"),
            Messages{"Subject: a\n\nFrom b\n\nFrom c\n"});
  EXPECT_EQ(messages("F"), Messages{"F"});
  EXPECT_EQ(messages("From"), Messages{"From"});
  EXPECT_EQ(messages("From: a"), Messages{"From: a"});
  EXPECT_EQ(messages("\n"), Messages{"\n"});
}

TEST(MailboxReader, SeparatesMessagesAfterEmptyLinesOnly) {
  EXPECT_EQ(messages("From a\nA: 1\n\none\nFrom here\n\n\nFrom b\nB: 2\n\n"),
            (Messages{"A: 1\n\none\nFrom here\n\n", "B: 2\n"}));
  EXPECT_EQ(messages("From a\nFrom b\n\nFrom c\nd\n\n"), (Messages{"From b\n", "d\n"}));
}

TEST(MailboxReader, ReadsBothEndsOfLines) {
  EXPECT_EQ(messages("From a\r\nA: 1\r\n\r\none\r\n\r\nFrom b\r\nB: 2\r\n\r\n"),
            (Messages{"A: 1\r\n\r\none\r\n", "B: 2\r\n"}));
  EXPECT_EQ(messages("From a\nA: 1\n\r\nFrom b\r\nB: 2\r\n\n"), (Messages{"A: 1\n", "B: 2\r\n"}));
  EXPECT_EQ(messages("From a\nA: 1\r\r\nFrom here\n\n"), Messages{"A: 1\r\r\nFrom here\n"});
}

TEST(MailboxReader, LeavesQuotesToThePacker) {
  MailboxReader reader("x", reads("From a\nA: 1\n\n>From b\n\n"));
  EXPECT_TRUE(reader.is_mbox());
  EXPECT_EQ(reader.next(), "A: 1\n\n>From b\n");
  EXPECT_FALSE(MailboxReader("x", reads("A: 1\n")).is_mbox());
}

TEST(MailboxReader, GivesTheSameHoweverItIsRead) {
  Messages wanted;
  std::string mbox;
  for (std::size_t number = 0; number < 40; ++number) {
    wanted.push_back("Subject: " + std::to_string(number) + "\n\n" +
                     std::string(number * number * 7 % 300, 'x') + "\n\nFro\n\n");
    tests::append_to_mbox(wanted.back(), mbox);
  }
  for (std::size_t piece = 1; piece < 60; ++piece) EXPECT_EQ(messages(mbox, piece), wanted);
}

TEST(MailboxReader, GrowsWithAMessage) {
  Messages wanted;
  std::string mbox;
  for (const std::size_t size : {10U, 70'000U, 65'536U, 1'000'000U, 20U}) {
    wanted.push_back("A: 1\n\n" + std::string(size, 'x') + "\n");
    tests::append_to_mbox(wanted.back(), mbox);
    EXPECT_EQ(messages(wanted.back()), Messages{wanted.back()});
  }
  EXPECT_EQ(messages(mbox), wanted);
  EXPECT_EQ(messages(mbox, 10'000), wanted);
}

// As of a message that was saved with its envelope.
TEST(MailboxReader, NeedsNoEmptyLineBehindTheOnlyMessage) {
  EXPECT_EQ(messages("From a\nA: 1\n\nb\n"), Messages{"A: 1\n\nb\n"});
}

TEST(MailboxReader, TellsThatAnMboxWasCut) {
  EXPECT_EQ(refusal("From a"), "x.mbox, message 1 (at byte 0) is cut: its first line does not end");
  EXPECT_EQ(refusal("From a\nA: 1\n\nb"),
            "x.mbox, message 1 (at byte 0) is cut: its last line does not end");
  EXPECT_EQ(refusal("From a\nA: 1\n\nFrom b"),
            "x.mbox, message 2 (at byte 13) is cut: its first line does not end");
  EXPECT_EQ(refusal("From a\nA: 1\n\nFrom b\nB: 2\n\nc\n"),
            "x.mbox, message 2 (at byte 13) is cut: no empty line follows it");
  EXPECT_EQ(refusal("From a\nA: 1\n\nFrom b\n"),
            "x.mbox, message 2 (at byte 13) is cut: no empty line follows it");
  // This could be all.
  EXPECT_EQ(refusal("From a\nA: 1\n\nFrom b\nB: 2\n\n"), "");
}

TEST(MailboxReader, RefusesAnEmptyMessage) {
  EXPECT_EQ(refusal(""), "x.mbox is empty");
  EXPECT_EQ(refusal("From a\n"), "x.mbox, message 1 (at byte 0) is empty");
  EXPECT_EQ(refusal("From a\n\nFrom b\nc\n\n"), "x.mbox, message 1 (at byte 0) is empty");
  EXPECT_EQ(refusal("From a\nA: 1\n\nFrom b\r\n\r\n"), "x.mbox, message 2 (at byte 13) is empty");
}

TEST(MailboxReader, RefusesAMessageThatIsTooLarge) {
  constexpr std::size_t kMost = 1'000;
  const std::string most(kMost - 1, 'x');
  EXPECT_EQ(refusal(most + "\n", kMost), "");
  EXPECT_EQ(refusal(most + "x\n", kMost), "x.mbox is larger than 1000 bytes");
  const std::string mbox = "From a\nb\n\nFrom a\n" + most;
  EXPECT_EQ(refusal(mbox + "\n\n", kMost), "");
  EXPECT_EQ(refusal(mbox + "x\n\n", kMost),
            "x.mbox, message 2 (at byte 10) is larger than 1000 bytes");
}

TEST(MailboxReader, DoesNotReadForEver) {
  for (const std::string_view beginning : {"a", "From a", "From a\n"}) {
    std::size_t read = 0;
    const auto endless = [&](char* into, std::size_t room) {
      std::fill_n(into, room, 'x');
      if (read == 0) beginning.copy(into, room);
      read += room;
      return room;
    };
    MailboxReader reader("x", endless, 100'000);
    EXPECT_THROW(reader.next(), Fatal);
    EXPECT_LT(read, 1'000'000U);
  }
}

}  // namespace
}  // namespace millrace::mail
